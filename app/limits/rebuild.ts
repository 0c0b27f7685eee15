import type { Db } from '../../db/client.ts'
import { roleMembers, type UsageSlice, usageSlices } from '../../db/queries/ledger-slices.ts'
import { readBuckets } from '../../db/queries/limit-buckets.ts'
import { type Bucket, drained, EMPTY } from '../domain/bucket.ts'
import type { Clock } from '../domain/clock.ts'
import { covers, type Limit, shapeOf, type Unit, windowMs } from '../domain/limit.ts'
import { rebuilt } from '../domain/rebuild.ts'
import type { Rebuild } from './restore.ts'

export interface RebuildNeeds {
  readonly db: Db
  readonly clock: Clock
  /** How long an inference request can take, in ms: so far back are the starts of those that ended. */
  readonly longestRequestMs: number
  /** The operations that have a model work; the others count against no limit. */
  readonly operations: readonly string[]
}

/** What the database knows about the use of a holder's buckets. */
interface History {
  readonly slices: readonly UsageSlice[]
  /** When an administrator last emptied which bucket, in epoch ms. */
  readonly resets: ReadonlyMap<string, number>
}

/**
 * Reads from the usage ledger what each of these buckets of a holder must be assumed to hold. Those by
 * the minute and those of running requests are given as empty: a minute is over by the time that it
 * would matter, and what runs is not in the ledger yet.
 */
export const createRebuild =
  (needs: RebuildNeeds): Rebuild =>
  async (holder, limits) => {
    const lasting = limits.filter(isLasting)
    const history = lasting.length > 0 ? await readHistory(needs, holder, lasting) : NONE
    const now = needs.clock.now()
    return limits.map((limit) => {
      const state = isLasting(limit)
        ? bucketFrom(history, limit, now)
        : drained(EMPTY, shapeOf(limit), now)
      return { bucket: limit.bucket, state }
    })
  }

const NONE: History = { slices: [], resets: new Map() }

/** Whether the ledger tells what was used of a limit. */
export const isLasting = ({ window }: Limit): boolean => window === 'hour' || window === 'day'

async function readHistory(
  { db, clock, longestRequestMs: longestMs, operations }: RebuildNeeds,
  holder: string,
  limits: readonly Limit[],
): Promise<History> {
  const now = clock.now()
  // A rule that was set a moment ago needs no more of the ledger than that.
  const since = Math.min(...limits.map((l) => Math.max(now - windowMs(l.window), l.since)))
  const perKey = limits.some(({ scope }) => scope === 'key')
  const [slices, rows] = await Promise.all([
    usersOf(db, holder, since).then((userIds) =>
      usageSlices(db, { userIds, since, longestMs, operations, perKey }),
    ),
    readBuckets(db, [holder]),
  ])
  return { slices, resets: new Map(rows.map(({ bucket, reset_at }) => [bucket, reset_at])) }
}

/** Whose requests fill the buckets of a holder. */
async function usersOf(db: Db, holder: string, since: number): Promise<string[]> {
  const id = holder.slice(holder.indexOf(':') + 1)
  return holder.startsWith('role:') ? await roleMembers(db, id, since) : [id]
}

function bucketFrom({ slices, resets }: History, limit: Limit, now: number): Bucket {
  const used = slices.flatMap((slice) =>
    counts(limit, slice) ? [{ at: slice.at, amount: amountIn(slice, limit.unit) }] : [],
  )
  const emptiedAt = Math.max(limit.since, resets.get(limit.bucket) ?? 0)
  return rebuilt(used, shapeOf(limit), now, emptiedAt)
}

const counts = (limit: Limit, { gateway, model, key_id }: UsageSlice): boolean =>
  covers(limit, gateway, model) &&
  (limit.scope !== 'key' || limit.bucket.startsWith(`key:${key_id} `))

function amountIn(slice: UsageSlice, unit: Unit): number {
  if (unit === 'tokens') return slice.tokens
  return unit === 'compute-seconds' ? slice.compute_ms : slice.requests
}
