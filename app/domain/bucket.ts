/**
 * One token bucket, exactly: whole numbers only, so that every store computes the same. What has been
 * used is a debt that is paid off by the whole capacity once per window. It is kept as amount × ticks,
 * where a window has so many ticks: then each tick pays off exactly `capacity`.
 */
export interface Bucket {
  /** What has been used and not paid off yet, in amount × ticks. */
  readonly debt: number
  /** When the debt was last paid off, in ticks since the epoch. */
  readonly tick: number
  /** What running requests have reserved, in amount; it is not paid off by time. */
  readonly held: number
  /** How many requests a shadow limit would have refused. */
  readonly refusals: number
}

export interface BucketShape {
  /** How much fits. */
  readonly capacity: number
  /** How many ticks a window has. */
  readonly ticks: number
  /** How long a tick is, in ms. */
  readonly tickMs: number
}

/** Nothing is added to a debt beyond this: whole numbers are exact up to 2^53. */
export const MAX_DEBT = 9_000_000_000_000_000

/** Most that is owed, in what a window pays off. */
const MOST_WINDOWS = 2

export const EMPTY: Bucket = { debt: 0, tick: 0, held: 0, refusals: 0 }

/**
 * The bucket at that time, in epoch ms. Time that goes backwards changes nothing. Nobody owes more than
 * two windows pay off: a limit that is lowered does not punish for what was allowed before.
 */
export function drained(bucket: Bucket, shape: BucketShape, at: number): Bucket {
  const { capacity, ticks, tickMs } = shape
  const tick = Math.max(bucket.tick, Math.floor(at / tickMs))
  const owed = Math.min(bucket.debt, MOST_WINDOWS * capacity * ticks)
  return { ...bucket, tick, debt: Math.max(0, owed - (tick - bucket.tick) * capacity) }
}

/** Whether so much can be taken now. */
export const fits = (bucket: Bucket, { capacity, ticks }: BucketShape, amount: number): boolean =>
  bucket.debt <= (capacity - bucket.held - amount) * ticks

/** How much can be taken now, in whole amounts; never below 0. */
export function roomIn({ debt, held }: Bucket, { capacity, ticks }: BucketShape): number {
  const free = Math.max(0, (capacity - held) * ticks - debt)
  return (free - (free % ticks)) / ticks
}

/** Adds what was used; a negative amount gives back. */
export const charged = (bucket: Bucket, { ticks }: BucketShape, amount: number): Bucket => ({
  ...bucket,
  debt: Math.min(Math.max(0, bucket.debt + amount * ticks), MAX_DEBT),
})

/** Reserves so much; a negative amount releases it. */
export const holding = (bucket: Bucket, amount: number): Bucket => ({
  ...bucket,
  held: Math.max(0, bucket.held + amount),
})

/**
 * How long until so much can be taken, in ms after `at`, for a bucket drained to that time; 0 when it
 * can be now. When it takes running requests to end, that can't be known: then until the debt is paid
 * off, and never less than a second.
 */
export function waitMs(bucket: Bucket, shape: BucketShape, amount: number, at: number): number {
  if (fits(bucket, shape, amount)) return 0
  const { capacity, ticks } = shape
  const allowed = (capacity - bucket.held - amount) * ticks
  if (allowed >= 0)
    return untilTick(bucket, shape, wholeQuotient(bucket.debt - allowed, capacity), at)
  return Math.max(1000, fullAfterMs(bucket, shape, at))
}

/** How long until the debt is paid off, in ms after `at`. */
export const fullAfterMs = (bucket: Bucket, shape: BucketShape, at: number): number =>
  bucket.debt === 0 || shape.capacity === 0
    ? 0
    : untilTick(bucket, shape, wholeQuotient(bucket.debt, shape.capacity), at)

const untilTick = ({ tick }: Bucket, { tickMs }: BucketShape, ticks: number, at: number): number =>
  Math.max(1, (tick + ticks) * tickMs - at)

/** a ÷ b, rounded up, without leaving whole numbers. */
const wholeQuotient = (a: number, b: number): number => {
  const rest = a % b
  return (a - rest) / b + (rest > 0 ? 1 : 0)
}
