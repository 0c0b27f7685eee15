import { withDeadline } from '../../db/deadline.ts'
import type { BucketKey, BucketRow } from '../../db/queries/limit-buckets.ts'
import { type Bucket, EMPTY } from '../domain/bucket.ts'
import type { Clock } from '../domain/clock.ts'
import { type Limit, shapeOf } from '../domain/limit.ts'
import type { Log } from '../log.ts'
import { nameOf } from './bucket-map.ts'
import { createRowChanges, type RowChanges } from './row-changes.ts'

/** How often what has changed is written down, in ms. */
const SAVE_MS = 1000
/** How long the database may take before it is asked again, in ms. */
const ANSWER_MS = 5000
/** What nobody has used for so long, in ms, is taken for empty at the next start. */
const FORGET_MS = 7 * 86_400_000

export interface MemoryStoreNeeds {
  readonly load: () => Promise<readonly BucketRow[]>
  /** Writes rows down, but none over one that is newer. */
  readonly save: (rows: readonly BucketRow[]) => Promise<void>
  /** Removes rows, but none that is newer. */
  readonly remove: (keys: readonly BucketKey[]) => Promise<void>
  /** All buckets that were ever reset and still have a row. */
  readonly readResets: () => Promise<readonly BucketKey[]>
  readonly clock: Clock
  readonly log: Log
  /** Calls `run` each `ms` until what it returns is called; by default it keeps no process alive. */
  readonly every?: (ms: number, run: () => void) => () => void
}

/** The copy of a memory limiter's buckets in the database. */
export interface MemoryStore {
  /** What was written down of a bucket that has not been used since the start. */
  initial(limit: Limit): Bucket
  onChange(limit: Limit, bucket: Bucket): void
  onForget(limit: Limit): void
  /** Has those emptied that an administrator has reset. When that fails, it is tried each second. */
  applyResets(empty: Empty): Promise<void>
  /** Writes down what is left; what can't be is in the log and lost. */
  close(): Promise<void>
}

type Empty = (holder: string, bucket: string) => void

/**
 * Reads what was written down, and from then on writes down what changes, all at once, at most once a
 * second: a crash loses the charges of the last second and no more. While the database fails, the
 * latest state of each bucket waits. Rejects when there is nothing to be read from.
 */
export async function openMemoryStore(needs: MemoryStoreNeeds): Promise<MemoryStore> {
  const { clock, every = everyInBackground } = needs
  const changes = createRowChanges()
  const openedAt = clock.now()
  const loaded = takeUp(await needs.load(), changes, openedAt - FORGET_MS)
  const saver = createSaver(changes, needs)
  const attempt = createAttempts(needs.log, 'resets of limits could not be read')
  let overdue: Empty | null = null

  const applyResets = (empty: Empty): Promise<void> =>
    attempt(async () => {
      overdue = null
      const rows = await withDeadline(needs.readResets(), ANSWER_MS).catch((err: unknown) => {
        overdue = empty
        throw err
      })
      for (const row of rows.filter(changes.reset)) {
        loaded.delete(nameOf(row.holder, row.bucket))
        changes.clear(row.holder, row.bucket)
        empty(row.holder, row.bucket)
      }
    })
  const stop = every(SAVE_MS, () => {
    if (overdue) void applyResets(overdue)
    saver.start()
  })

  return {
    initial(limit) {
      const bucket = loaded.get(nameOf(limit.holder, limit.bucket))
      return bucket ? notAhead(bucket, limit, openedAt) : EMPTY
    },
    onChange(limit, bucket) {
      loaded.delete(nameOf(limit.holder, limit.bucket))
      changes.set(limit.holder, limit.bucket, bucket)
    },
    onForget: ({ holder, bucket }) => changes.clear(holder, bucket),
    applyResets,
    async close() {
      stop()
      await saver.finish()
    },
  }
}

/** What is in the rows; those that have nothing in them, or are old, are to go. */
function takeUp(rows: readonly BucketRow[], changes: RowChanges, oldest: number) {
  const loaded = new Map<string, Bucket>()
  for (const row of rows) {
    const { holder, bucket, debt, tick, held, refusals, updated_at } = row
    changes.found(row)
    if ((debt === 0 && refusals === 0) || updated_at < oldest) {
      changes.clear(holder, bucket)
      continue
    }
    // The requests that held something ended with the process that ran them.
    const state = { debt, tick, held: 0, refusals }
    loaded.set(nameOf(holder, bucket), state)
    if (held > 0) changes.set(holder, bucket, state)
  }
  return loaded
}

/** A clock that was ahead when it was written down would keep it full until that time comes. */
const notAhead = (bucket: Bucket, limit: Limit, at: number): Bucket => ({
  ...bucket,
  tick: Math.min(bucket.tick, Math.floor(at / shapeOf(limit).tickMs)),
})

/** Writes changes down, all that there are at once, and never twice at the same time. */
function createSaver(changes: RowChanges, { save, remove, clock, log }: MemoryStoreNeeds) {
  const attempt = createAttempts(log, 'the use of limits could not be stored')
  let running: Promise<void> | null = null

  const write = async (): Promise<void> => {
    const batch = changes.batch(clock.now())
    if (batch.save.length > 0) await withDeadline(save(batch.save), ANSWER_MS)
    if (batch.remove.length > 0) await withDeadline(remove(batch.remove), ANSWER_MS)
    batch.done()
  }

  return {
    start(): void {
      if (running || changes.size === 0) return
      running = attempt(write).finally(() => {
        running = null
      })
    },
    async finish(): Promise<void> {
      await running
      await attempt(write)
      if (changes.size > 0) log.error({ buckets: changes.size }, 'use of limits not stored')
    },
  }
}

/** Makes what runs a task and does not reject; the first of several failures in a row is logged. */
function createAttempts(log: Log, failure: string) {
  let isFailing = false
  return async (task: () => Promise<void>): Promise<void> => {
    try {
      await task()
      if (isFailing) log.info({ was: failure }, 'that works again')
      isFailing = false
    } catch (err) {
      if (!isFailing) log.error({ err }, `${failure}; trying again`)
      isFailing = true
    }
  }
}

function everyInBackground(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  timer.unref()
  return () => clearInterval(timer)
}
