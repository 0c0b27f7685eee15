import {
  type Bucket,
  type BucketShape,
  charged,
  drained,
  fits,
  holding,
  roomIn,
} from '../domain/bucket.ts'
import { type Amounts, type Limit, UNITS, type Unit } from '../domain/limit.ts'
import { type Demand, isHeld } from './limiter.ts'

/** A limit with its bucket as the store has it. */
export interface Claim {
  readonly limit: Limit
  readonly shape: BucketShape
  readonly bucket: Bucket
}

export interface Verdict {
  /** What each unit is granted, or null for a refusal. */
  readonly granted: Amounts | null
  /** The buckets afterwards, in the order of the claims, and whether the request fitted into each. */
  readonly after: readonly Outcome[]
}

export interface Outcome {
  readonly bucket: Bucket
  readonly fitted: boolean
}

/**
 * The rule by which every store decides: a request gets the same amount of a unit from all limits on
 * it, at least what it needs and at most what is left in the fullest one, or it is refused and
 * nothing changes. Into a shadow it goes when it fits; when it does not, that is noted and all.
 */
export function decide(
  claims: readonly Claim[],
  demands: Readonly<Record<Unit, Demand>>,
  at: number,
): Verdict {
  const now = claims.map(({ limit, shape, bucket: before }) => {
    const bucket = drained(before, shape, at)
    return { limit, shape, bucket, fitted: fits(bucket, shape, demands[limit.unit].need) }
  })
  if (now.some(({ limit, fitted }) => !fitted && !limit.shadow))
    return { granted: null, after: now }

  const left = (unit: Unit): number[] =>
    now.flatMap(({ limit, shape, bucket }) =>
      limit.unit === unit && !limit.shadow ? [roomIn(bucket, shape)] : [],
    )
  const granted = Object.fromEntries(
    UNITS.map((unit) => [unit, Math.min(demands[unit].want, ...left(unit))]),
  ) as Record<Unit, number>
  return {
    granted,
    after: now.map(({ limit, shape, bucket, fitted }) => ({
      fitted,
      bucket: fitted
        ? take(bucket, limit, shape, granted[limit.unit])
        : { ...bucket, refusals: bucket.refusals + 1 },
    })),
  }
}

const take = (bucket: Bucket, { unit }: Limit, shape: BucketShape, amount: number): Bucket =>
  isHeld(unit) ? holding(bucket, amount) : charged(bucket, shape, amount)
