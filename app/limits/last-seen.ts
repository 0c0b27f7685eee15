import { type Bucket, charged, drained, holding } from '../domain/bucket.ts'
import { type Amounts, type Limit, shapeOf } from '../domain/limit.ts'
import { nameOf } from './bucket-map.ts'
import { type Decision, isHeld, type Reservation, settlement } from './limiter.ts'

/** How many buckets are remembered; those that were seen first are forgotten first. */
const MAX_SEEN = 10_000

/** Buckets as Redis last told of them, and as this replica has settled since. */
export function createLastSeen() {
  const seen = new Map<string, Bucket>()

  return {
    get: (limit: Limit): Bucket | undefined => seen.get(nameOf(limit.holder, limit.bucket)),

    remember({ states }: Decision): void {
      for (const { limit, bucket } of states) {
        const name = nameOf(limit.holder, limit.bucket)
        seen.delete(name)
        seen.set(name, bucket)
      }
      while (seen.size > MAX_SEEN) seen.delete(seen.keys().next().value ?? '')
    },

    settle({ granted, limits }: Reservation, used: Amounts, at: number): void {
      for (const limit of limits) {
        const name = nameOf(limit.holder, limit.bucket)
        const bucket = seen.get(name)
        if (!bucket) continue
        const shape = shapeOf(limit)
        const now = drained(bucket, shape, at)
        const released = isHeld(limit.unit) ? holding(now, -granted[limit.unit]) : now
        seen.set(name, charged(released, shape, settlement(limit.unit, used)))
      }
    },
  }
}
