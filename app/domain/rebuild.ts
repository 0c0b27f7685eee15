import { type Bucket, type BucketShape, charged, drained, EMPTY } from './bucket.ts'

/** What was used at one time, in what the bucket counts. */
export interface Slice {
  /** Epoch ms: no earlier than it was charged. */
  readonly at: number
  readonly amount: number
}

/**
 * The bucket as it must be assumed to be when only the use of its last window is known, in the order
 * of time. What came before is unknown, so the worst is assumed: that the bucket was full a window
 * ago. That is the tight upper bound. Limits let nobody take more than fits, so it can't have been
 * fuller, and later use keeps the order: from a fuller bucket comes a fuller one. It never grants
 * more than the lost one would have, and yet nothing is left of the assumption where nothing was
 * used, for a window pays off all that fits. What requests used beyond what they had reserved can be
 * more than fits: of that it keeps what would be owed had the bucket been empty a window ago.
 * A bucket that is known to have been emptied within the window starts from there.
 */
export function rebuilt(
  slices: readonly Slice[],
  shape: BucketShape,
  now: number,
  emptiedAt = 0,
): Bucket {
  const { capacity, ticks, tickMs } = shape
  const windowStart = now - ticks * tickMs
  const start = Math.min(Math.max(windowStart, emptiedAt), now)
  const known = slices.filter(({ at }) => at > start)
  const empty = drained(EMPTY, shape, start)
  const full = { ...empty, debt: emptiedAt > windowStart ? 0 : capacity * ticks }

  const owed = replayed(empty, known, shape, now, Number.POSITIVE_INFINITY)
  const assumed = replayed(full, known, shape, now, capacity * ticks)
  return owed.debt > assumed.debt ? owed : assumed
}

function replayed(
  start: Bucket,
  slices: readonly Slice[],
  shape: BucketShape,
  now: number,
  most: number,
): Bucket {
  const last = slices.reduce((bucket, { at, amount }) => {
    const after = charged(drained(bucket, shape, Math.min(at, now)), shape, amount)
    return { ...after, debt: Math.min(after.debt, most) }
  }, start)
  return drained(last, shape, now)
}
