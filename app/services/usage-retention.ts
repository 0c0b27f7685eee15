import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../../db/client.ts'
import { databaseFault, isPostgres } from '../../db/codec.ts'
import {
  createPartition,
  dropPartition,
  isCovered,
  requestPartitions,
} from '../../db/queries/request-partitions.ts'
import { deleteHoursBefore, deleteRequestsBefore } from '../../db/queries/usage-retention.ts'
import type { Clock } from '../domain/clock.ts'
import { keptSince } from '../domain/kept-since.ts'

const DAY_MS = 86_400_000
/** For how many days to come there are partitions: so long nobody has to look after them. */
const AHEAD = 7
/** So few rows at a time that nobody notices: where it is embedded, the database holds up all else. */
const MOST_ROWS = 500
const PAUSE_MS = 20
/** How often a change is tried while others use what it changes, and how long they are left alone in between, in ms. */
const TRIES = 5
const RETRY_MS = 250

export interface UsageRetentionNeeds {
  readonly db: Db
  readonly clock: Clock
  /** How long the row of a request is kept, and the sums of an hour. */
  readonly retentionDays: number
  readonly rollupRetentionDays: number
}

/**
 * Makes room in the ledger: for the days to come, and by removing what is older than it is to be kept. What
 * can't be done at the moment keeps nothing else from being done, and is told at the end; all ends soon after
 * the signal.
 */
export function createUsageRetention({ db, clock, ...kept }: UsageRetentionNeeds) {
  return {
    /** Makes the partitions of today and a week to come, where the database has partitions. */
    async prepare(signal: AbortSignal): Promise<void> {
      if (!isPostgres(db)) return
      const known = await requestPartitions(db)
      const first = keptSince(clock.now(), 0)
      const days = Array.from({ length: AHEAD + 1 }, (_, i) => first + i * DAY_MS)
      const missing = days.filter((day) => !isCovered(known, day))
      const changes = missing.map((day) => () => createPartition(db, day))
      tell(await makeAll(changes, signal), signal)
    },

    /**
     * Removes whole partitions at once where it can, and the rest a few rows at a time. Where somebody reads
     * a partition that is to go, requests are left for the next time: then it can go at once.
     */
    async prune(signal: AbortSignal): Promise<void> {
      const before = keptSince(clock.now(), kept.retentionDays)
      const hours = keptSince(clock.now(), kept.rollupRetentionDays)
      const partitions = isPostgres(db) ? await requestPartitions(db) : []
      const over = partitions.filter(({ until }) => until <= before)
      const drops = over.map(
        ({ name }) =>
          () =>
            dropPartition(db, name),
      )
      const failures = await makeAll(drops, signal)
      const removeRequests = () =>
        inSteps(() => deleteRequestsBefore(db, before, MOST_ROWS), signal)
      const removeHours = () => inSteps(() => deleteHoursBefore(db, hours, MOST_ROWS), signal)
      const removals = failures.some(isBusy) ? [removeHours] : [removeRequests, removeHours]
      failures.push(...(await makeAll(removals, signal)))
      tell(failures, signal)
    },
  }
}

type Change = () => Promise<void>

/** Makes one after the other, whatever becomes of each. Returns why some could not be made. */
async function makeAll(changes: readonly Change[], signal: AbortSignal): Promise<unknown[]> {
  const failures: unknown[] = []
  for (const change of changes) {
    if (signal.aborted) break
    await insist(change, signal).catch((err: unknown) => failures.push(err))
  }
  return failures
}

/** Throws when there are failures, unless the server is to close. */
function tell(failures: readonly unknown[], signal: AbortSignal): void {
  if (failures.length === 0 || signal.aborted) return
  throw new Error(`changes of the ledger failed: ${failures.length}`, { cause: failures[0] })
}

const isBusy = (err: unknown): boolean => databaseFault(err) === 'busy'

/** Tries again while others are in the way. */
async function insist(change: Change, signal: AbortSignal): Promise<void> {
  for (let left = TRIES - 1; ; left--) {
    try {
      return await change()
    } catch (err) {
      const isLast = left === 0 || !isBusy(err)
      if (!isLast) await pause(RETRY_MS, signal)
      if (isLast || signal.aborted) throw err
    }
  }
}

async function inSteps(remove: () => Promise<number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await remove()) > 0) await pause(PAUSE_MS, signal)
}

/** Shorter when the signal comes. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
