import { type Bucket, type BucketShape, drained } from '../domain/bucket.ts'
import type { Limit } from '../domain/limit.ts'

/** How long the refusals of a shadow are kept when nothing else happens, in ms. */
const KEEP_REFUSALS_MS = 2 * 86_400_000

export interface BucketMapNeeds {
  readonly shape: (limit: Limit) => BucketShape
  /** What is in a bucket that is not kept. */
  readonly initial: (limit: Limit) => Bucket
  readonly onChange: (limit: Limit, bucket: Bucket) => void
  readonly onForget: (limit: Limit) => void
}

/** Buckets in memory, as long as there is something in them. */
export interface BucketMap {
  get(limit: Limit): Bucket
  set(limit: Limit, bucket: Bucket): void
  /** Takes the debt and the refusals away; what running requests hold stays. */
  empty(holder: string, bucket: string): void
  /**
   * Looks at so many buckets, another part of all each time, and forgets those that have drained. Who
   * does so for several at each new one keeps no more than a part above those that are in use.
   */
  tidy(count: number, at: number): void
  readonly size: number
}

/** A bucket with the limit that it was last used for, by which it drains. */
interface Kept {
  readonly limit: Limit
  readonly bucket: Bucket
}

export function createBucketMap(needs: BucketMapNeeds): BucketMap {
  const { shape, initial, onChange, onForget } = needs
  const all = new Map<string, Kept>()
  let upcoming = all.values()

  const set = (limit: Limit, bucket: Bucket): void => {
    all.set(nameOf(limit.holder, limit.bucket), { limit, bucket })
    onChange(limit, bucket)
  }
  const forget = (limit: Limit): void => {
    all.delete(nameOf(limit.holder, limit.bucket))
    onForget(limit)
  }
  const isSpent = ({ limit, bucket }: Kept, at: number): boolean => {
    const { debt, held, refusals } = drained(bucket, shape(limit), at)
    if (debt > 0 || held > 0) return false
    return refusals === 0 || at - bucket.tick * shape(limit).tickMs > KEEP_REFUSALS_MS
  }

  return {
    get: (limit) => all.get(nameOf(limit.holder, limit.bucket))?.bucket ?? initial(limit),
    set,
    empty(holder, name) {
      const kept = all.get(nameOf(holder, name))
      if (!kept) return
      const bucket = { ...kept.bucket, debt: 0, refusals: 0 }
      if (bucket.held > 0) set(kept.limit, bucket)
      else forget(kept.limit)
    },
    tidy(count, at) {
      for (let i = 0; i < count; i++) {
        const next = upcoming.next()
        if (next.done) {
          upcoming = all.values()
          return
        }
        if (isSpent(next.value, at)) forget(next.value.limit)
      }
    },
    get size() {
      return all.size
    },
  }
}

/** The name of a bucket among those of all holders, none of which has a space in it. */
export const nameOf = (holder: string, bucket: string): string => `${holder} ${bucket}`
