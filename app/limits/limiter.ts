import type { Bucket, BucketShape } from '../domain/bucket.ts'
import type { Amounts, Limit, Unit } from '../domain/limit.ts'

/** What a request asks of its limits, in each unit: no less than `need`, and up to `want`. */
export interface Demand {
  readonly need: number
  readonly want: number
}

export interface Admission {
  /** Unique among all requests ever made. */
  readonly id: string
  /** All that apply to the request, those of one holder together. */
  readonly limits: readonly Limit[]
  readonly demands: Readonly<Record<Unit, Demand>>
}

/** One limit as the decision left it. */
export interface LimitState {
  readonly limit: Limit
  /** How large its bucket is here: as the limit says, or this replica's share of it. */
  readonly shape: BucketShape
  readonly bucket: Bucket
  /** Whether the request fitted. One that did not fit is refused, unless the limit is a shadow. */
  readonly fitted: boolean
}

/** What an admitted request has been given, until it is settled. */
export interface Reservation {
  readonly id: string
  /** What was granted in each unit: as much as was wanted, or as much as was left. */
  readonly granted: Amounts
  /** The limits it counts against: all but the shadows into which it did not fit. */
  readonly limits: readonly Limit[]
}

export interface Decision {
  /** Null for a refused request, which has consumed nothing. */
  readonly reservation: Reservation | null
  /** The time by the store's clock, in epoch ms. */
  readonly at: number
  /** The newest revision that the store was told of; missing when it is told of none. */
  readonly revision?: number
  /** In the order of the limits that were asked for. */
  readonly states: readonly LimitState[]
}

/** Whether the limits are exact over all replicas, or each replica holds its share of them. */
export type LimiterMode = 'exact' | 'local'

/**
 * Decides who may have how much. All limits of a request are checked and charged in one step: it gets
 * something from each of them, or nothing from any.
 */
export interface Limiter {
  admit(admission: Admission): Promise<Decision>
  /**
   * Replaces what was reserved by what was used. Returns at once; a second call for the same
   * reservation changes nothing.
   */
  settle(reservation: Reservation, used: Amounts): void
  readonly mode: LimiterMode
  /** How many settlements the store has not confirmed. */
  readonly owed: number
  /** Ends what runs in the background and keeps what must not be forgotten. */
  close(): Promise<void>
}

/** Requests count from the moment they are let in; everything else is reserved until it is known. */
export const isHeld = (unit: Unit): boolean => unit !== 'requests'

/** What of a unit stays charged when a request ends: what it used, less what was charged before. */
export const settlement = (unit: Unit, used: Amounts): number =>
  isHeld(unit) ? used[unit] : used[unit] - 1
