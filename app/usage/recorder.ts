import type { UsageRecord } from '../domain/usage.ts'
import { within } from '../domain/within.ts'
import type { Log } from '../log.ts'
import type { Journal, StoreRows } from './journal.ts'

/** New work is refused when so many rows are held in memory. */
const MAX_WAITING = 10_000
/** How long the database may take for a group before its rows go to the journal, in ms. */
const HOLD_MS = 250
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 2000

export interface RecorderNeeds {
  /** Adding a row a second time must change nothing. */
  readonly write: StoreRows
  /** How many rows `write` takes at once. */
  readonly maxRows: number
  readonly journal: Journal
  readonly log: Log
  /** Told of each group that the database has taken, with how many rows it had. */
  readonly onCommit?: (rows: number) => void
}

export interface Recorder {
  /**
   * Resolves when the row is committed, or is on the disk because the database did not take its group
   * within 250 ms; when neither can be, after that time, with the row in memory.
   */
  record(row: UsageRecord): Promise<void>
  /** False when no further row could be taken: then nothing new may be served. */
  hasRoom(): boolean
  /** How many rows the database does not have yet. */
  readonly owed: number
  /** Commits what is owed, for at most `deadlineMs`; what is left then goes to the journal, or to the log. */
  close(deadlineMs: number): Promise<void>
}

interface Group {
  readonly rows: UsageRecord[]
  readonly settled: PromiseWithResolvers<void>
}

/**
 * Commits rows in groups: a group begins when the one before it is in, or once it is full. While the database
 * is in trouble they go to the journal, and from there to the database when it takes rows again.
 */
export function createRecorder(needs: RecorderNeeds): Recorder {
  const { write, maxRows, journal, log, onCommit } = needs
  const groups: Group[] = []
  /** Rows that neither took. */
  let stranded: UsageRecord[] = []
  let waiting = 0
  const inFlight = new Set<Group>()
  let running: Promise<void> | null = null
  let isAway = false
  let recovering: Promise<void> | null = null
  let isClosed = false

  const openGroup = (): Group => {
    const last = groups.at(-1)
    if (last && last.rows.length < maxRows) return last
    const group = { rows: [], settled: Promise.withResolvers<void>() }
    groups.push(group)
    return group
  }

  const run = async (): Promise<void> => {
    // Rows that end in one turn of the event loop go in together.
    await new Promise((resolve) => setImmediate(resolve))
    let before: Promise<void> | undefined
    while (!isClosed) {
      const group = groups.shift()
      if (!group) break
      const committed = commit(group)
      await before
      // One that is full is made ready while this one is on its way.
      if (groups[0]?.rows.length !== maxRows) await committed
      before = committed
    }
    running = null
  }

  const commit = async (group: Group): Promise<void> => {
    inFlight.add(group)
    await settle(group.rows)
    inFlight.delete(group)
    waiting -= group.rows.length
    group.settled.resolve()
  }

  const settle = async (rows: readonly UsageRecord[]): Promise<void> => {
    if (!isAway && (await isStored(rows))) return
    if (isClosed) return
    try {
      await journal.keep(rows)
    } catch (err) {
      log.error({ err, rows: rows.length }, 'usage rows could not be kept on the disk either')
      stranded.push(...rows)
    }
    recovering ??= recover()
  }

  /** False after 250 ms too, though the database may take the rows later: they are stored once. */
  const isStored = async (rows: readonly UsageRecord[]): Promise<boolean> => {
    const stored = write(rows).then(
      () => true,
      (err: unknown) => {
        log.error({ err, rows: rows.length }, 'usage rows could not be stored; keeping them')
        return false
      },
    )
    const isIn = await within(stored, HOLD_MS)
    if (isIn === null) log.warn({ rows: rows.length }, 'the database is slow; keeping usage rows')
    if (isIn) onCommit?.(rows.length)
    else isAway = true
    return isIn === true
  }

  /** Tries until the database has all that is owed. */
  const recover = async (): Promise<void> => {
    for (let delayMs = FIRST_RETRY_MS; !isClosed; delayMs = Math.min(delayMs * 2, LAST_RETRY_MS)) {
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      if (isClosed) break
      try {
        await payBack()
        // More may have come to the journal while it was read.
        if (stranded.length + journal.kept === 0) break
      } catch (err) {
        log.debug({ err, owed: recorder.owed }, 'the database does not take usage rows yet')
      }
    }
    recovering = null
    if (stranded.length + journal.kept === 0) log.info({}, 'the database has all usage rows')
  }

  const payBack = async (): Promise<void> => {
    while (stranded.length > 0) await store(stranded.slice(0, maxRows))
    await journal.replay(store, maxRows)
    isAway = false
  }

  const store: StoreRows = async (rows) => {
    try {
      await write(rows)
    } catch (err) {
      // The disk may have room again before the database is back.
      if (stranded.length > 0 && !isClosed) await keepStranded()
      throw err
    }
    onCommit?.(rows.length)
    rescued(rows)
  }

  const keepStranded = async (): Promise<void> => {
    const rows = [...stranded]
    await journal.keep(rows)
    rescued(rows)
  }

  /** Others may have been stranded meanwhile. */
  const rescued = (rows: readonly UsageRecord[]): void => {
    const safe = new Set(rows)
    stranded = stranded.filter((row) => !safe.has(row))
  }

  const recorder: Recorder = {
    async record(row) {
      if (isClosed) return await lastResort([row])
      const { rows, settled } = openGroup()
      rows.push(row)
      waiting++
      running ??= run()
      await settled.promise
    },
    hasRoom: () => (!isAway || journal.isWritable) && waiting + stranded.length < MAX_WAITING,
    get owed() {
      return waiting + stranded.length + journal.kept
    },
    async close(deadlineMs) {
      await within(Promise.all([running, recovering]), deadlineMs)
      isClosed = true
      const left = [...inFlight, ...groups]
      await lastResort([...left.flatMap(({ rows }) => rows), ...stranded])
      stranded = []
      for (const { settled } of left) settled.resolve()
      await journal.close()
    },
  }

  const lastResort = async (rows: readonly UsageRecord[]): Promise<void> => {
    if (rows.length === 0) return
    await journal.keep(rows).catch(() => {
      for (const row of rows) log.error({ row }, 'usage row not stored')
    })
  }

  return recorder
}
