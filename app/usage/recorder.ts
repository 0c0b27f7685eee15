import type { UsageRecord } from '../domain/usage.ts'
import type { Log } from '../log.ts'

/** New work is refused when so many rows wait for the database. */
const MAX_WAITING = 10_000
/** How long a response is held back for its row, in ms; the row is kept and tried again. */
const HOLD_MS = 250
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 2000

export interface RecorderNeeds {
  /** Commits the rows; adding one a second time must change nothing. */
  readonly write: (rows: readonly UsageRecord[]) => Promise<void>
  /** How many rows `write` takes at once. */
  readonly maxRows: number
  readonly log: Log
}

export interface Recorder {
  /** Resolves when the row is committed, or after 250 ms when the database is in trouble. */
  record(row: UsageRecord): Promise<void>
  /** False when no further row can be taken: then nothing new may be served. */
  hasRoom(): boolean
  /** Commits what is waiting, for at most `deadlineMs`; what is left then goes to the log. */
  close(deadlineMs: number): Promise<void>
}

interface Group {
  readonly rows: UsageRecord[]
  readonly committed: PromiseWithResolvers<void>
}

/** Commits rows in groups: the next group begins as soon as the one before it is in. */
export function createRecorder({ write, maxRows, log }: RecorderNeeds): Recorder {
  const groups: Group[] = []
  let waiting = 0
  let inFlight: Group | null = null
  let running: Promise<void> | null = null
  let isClosed = false

  const openGroup = (): Group => {
    const last = groups.at(-1)
    if (last && last !== inFlight && last.rows.length < maxRows) return last
    const group = { rows: [], committed: Promise.withResolvers<void>() }
    groups.push(group)
    return group
  }

  const run = async (): Promise<void> => {
    // A turn of the event loop, so that rows which end together go in together.
    await new Promise((resolve) => setImmediate(resolve))
    for (let [group] = groups; group; [group] = groups) {
      inFlight = group
      if (!(await store(group))) return
      inFlight = null
      groups.shift()
      waiting -= group.rows.length
      group.committed.resolve()
    }
    running = null
  }

  /** Tries until the rows are in; false when the recorder was closed before they were. */
  const store = async ({ rows }: Group): Promise<boolean> => {
    for (let delayMs = FIRST_RETRY_MS; !isClosed; delayMs = Math.min(delayMs * 2, LAST_RETRY_MS)) {
      try {
        await write(rows)
        return true
      } catch (err) {
        log.error({ err, rows: rows.length }, 'usage rows could not be stored; trying again')
      }
      await new Promise((resolve) => setTimeout(resolve, delayMs))
    }
    return false
  }

  return {
    async record(row) {
      if (isClosed) {
        log.error({ row }, 'usage row not stored')
        return
      }
      const { rows, committed } = openGroup()
      rows.push(row)
      waiting++
      running ??= run()
      await withinMs(committed.promise, HOLD_MS)
    },
    hasRoom: () => waiting < MAX_WAITING,
    async close(deadlineMs) {
      if (running) await withinMs(running, deadlineMs)
      isClosed = true
      for (const row of groups.flatMap(({ rows }) => rows))
        log.error({ row }, 'usage row not stored')
    },
  }
}

/** Waits for the promise, but no longer than that; true when it has resolved. */
async function withinMs(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(resolve, ms, false)
  try {
    return await Promise.race([promise.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
