import { type Bucket, charged, drained, EMPTY, holding } from '../domain/bucket.ts'
import { type Amounts, type Limit, shapeOf } from '../domain/limit.ts'
import { nameOf } from './bucket-map.ts'
import { type Decision, isHeld, type Reservation, settlement } from './limiter.ts'

/** How many buckets are remembered; those that were seen first are forgotten first. */
const MAX_SEEN = 10_000

/** Buckets as Redis last told of them, and with what this replica has done since. */
export function createLastSeen() {
  const seen = new Map<string, Bucket>()

  const set = ({ holder, bucket: name }: Limit, bucket: Bucket): void => {
    seen.delete(nameOf(holder, name))
    seen.set(nameOf(holder, name), bucket)
    if (seen.size > MAX_SEEN) seen.delete(seen.keys().next().value ?? '')
  }

  return {
    get: (limit: Limit): Bucket | undefined => seen.get(nameOf(limit.holder, limit.bucket)),

    remember({ states }: Decision): void {
      for (const { limit, bucket } of states) set(limit, bucket)
    },

    /** What this replica has let in by itself. */
    take({ granted, limits }: Reservation, at: number): void {
      for (const limit of limits) {
        const shape = shapeOf(limit)
        const before = seen.get(nameOf(limit.holder, limit.bucket)) ?? EMPTY
        const now = drained(before, shape, at)
        const amount = granted[limit.unit]
        set(limit, isHeld(limit.unit) ? holding(now, amount) : charged(now, shape, amount))
      }
    },

    settle({ granted, limits }: Reservation, used: Amounts, at: number): void {
      for (const limit of limits) {
        const bucket = seen.get(nameOf(limit.holder, limit.bucket))
        if (!bucket) continue
        const shape = shapeOf(limit)
        const now = drained(bucket, shape, at)
        const released = isHeld(limit.unit) ? holding(now, -granted[limit.unit]) : now
        set(limit, charged(released, shape, settlement(limit.unit, used)))
      }
    },
  }
}
