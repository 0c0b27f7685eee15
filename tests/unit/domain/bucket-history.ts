import {
  type Bucket,
  type BucketShape,
  charged,
  drained,
  fits,
  holding,
} from '../../../app/domain/bucket.ts'
import type { Slice } from '../../../app/domain/rebuild.ts'

/** One thing that happens to a bucket, so many ms after the one before. */
export type Event =
  | { readonly afterMs: number; readonly does: 'take'; readonly amount: number }
  | { readonly afterMs: number; readonly does: 'reserve'; readonly amount: number }
  | { readonly afterMs: number; readonly does: 'settle'; readonly part: number }

export interface History {
  readonly bucket: Bucket
  readonly slices: readonly Slice[]
  readonly now: number
}

/** When histories begin, in epoch ms. */
export const START = 1_700_000_000_123

/** What the rules make of the events: who does not fit is refused, and nobody uses more than granted. */
export function live(bucket: Bucket, shape: BucketShape, events: readonly Event[]): History {
  const slices: Slice[] = []
  const reserved: number[] = []
  let now = START
  let state = bucket
  const charge = (amount: number): void => {
    state = charged(state, shape, amount)
    slices.push({ at: now, amount })
  }
  for (const event of events) {
    now += event.afterMs
    state = drained(state, shape, now)
    if (event.does === 'settle') {
      const granted = reserved.shift() ?? 0
      state = holding(state, -granted)
      charge(Math.floor(granted * event.part))
    } else if (fits(state, shape, event.amount)) {
      if (event.does === 'take') charge(event.amount)
      else {
        state = holding(state, event.amount)
        reserved.push(event.amount)
      }
    }
  }
  return { bucket: state, slices, now }
}

/** The same uses as events. */
export function takesOf(slices: readonly Slice[]): Event[] {
  return slices.map(({ at, amount }, i) => {
    return { afterMs: at - (slices[i - 1]?.at ?? START), does: 'take', amount }
  })
}
