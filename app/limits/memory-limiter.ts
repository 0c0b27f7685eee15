import {
  type Bucket,
  type BucketShape,
  charged,
  drained,
  EMPTY,
  holding,
} from '../domain/bucket.ts'
import type { Clock } from '../domain/clock.ts'
import { type Limit, shapeOf } from '../domain/limit.ts'
import { createBucketMap } from './bucket-map.ts'
import { decide, type Outcome } from './decide.ts'
import { isHeld, type Limiter, type LimiterMode, type Reservation, settlement } from './limiter.ts'

export interface MemoryLimiterNeeds {
  readonly clock: Clock
  /** How large a limit's bucket is here; as the limit says, unless this process has only a share. */
  readonly shape?: (limit: Limit) => BucketShape
  /** What is in a bucket that has not been touched yet; nothing by default. */
  readonly initial?: (limit: Limit) => Bucket
  /** Told of each bucket that has changed. */
  readonly onChange?: (limit: Limit, bucket: Bucket) => void
  /** Told of each bucket that is kept no longer because it has drained. */
  readonly onForget?: (limit: Limit) => void
  readonly mode?: LimiterMode
}

export interface MemoryLimiter extends Limiter {
  /** Takes over a request that another store has admitted, with what it holds of these limits. */
  adopt(reservation: Reservation): void
  /** Takes the debt and the refusals out of a bucket; what running requests hold stays. */
  empty(holder: string, bucket: string): void
  /** How many buckets are kept. */
  readonly size: number
}

/** How many buckets are looked at for each limit of an admitted request, to forget the empty ones. */
const TIDY = 3

/** Limits for one process. Exact: nothing else can happen between a look at a bucket and its change. */
export function createMemoryLimiter(needs: MemoryLimiterNeeds): MemoryLimiter {
  const { clock, shape = shapeOf, initial = () => EMPTY } = needs
  const { onChange = () => {}, onForget = () => {} } = needs
  const buckets = createBucketMap({ shape, initial, onChange, onForget })
  const open = new Set<string>()

  return {
    mode: needs.mode ?? 'exact',
    owed: 0,

    async admit({ id, limits, demands }) {
      const at = clock.now()
      const claims = limits.map((limit) => ({
        limit,
        shape: shape(limit),
        bucket: buckets.get(limit),
      }))
      const { granted, after } = decide(claims, demands, at)
      const states = claims.map(({ limit, shape }, i) => ({
        limit,
        shape,
        ...(after[i] as Outcome),
      }))
      if (!granted) return { reservation: null, at, states }
      for (const { limit, bucket } of states) buckets.set(limit, bucket)
      buckets.tidy(limits.length * TIDY, at)
      open.add(id)
      const counted = states.flatMap(({ limit, fitted }) => (fitted ? [limit] : []))
      return { reservation: { id, granted, limits: counted }, at, states }
    },

    adopt({ id, granted, limits }) {
      open.add(id)
      for (const limit of limits)
        buckets.set(limit, holding(buckets.get(limit), granted[limit.unit]))
    },

    settle({ id, granted, limits }, used) {
      if (!open.delete(id)) return
      const at = clock.now()
      for (const limit of limits) {
        const amount = settlement(limit.unit, used)
        if (!isHeld(limit.unit) && amount === 0) continue
        const bucket = drained(buckets.get(limit), shape(limit), at)
        const released = isHeld(limit.unit) ? holding(bucket, -granted[limit.unit]) : bucket
        buckets.set(limit, charged(released, shape(limit), amount))
      }
    },

    empty: buckets.empty,
    get size() {
      return buckets.size
    },
    close: async () => {},
  }
}
