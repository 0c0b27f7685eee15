import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  type Bucket,
  type BucketShape,
  charged,
  drained,
  EMPTY,
  fits,
  fullAfterMs,
  holding,
  MAX_DEBT,
  roomIn,
  waitMs,
} from '../../../app/domain/bucket.ts'
import { live, START } from './bucket-history.ts'
import { anyHistory, anyPart, anyShape } from './bucket-shapes.ts'

/** Ten a minute: one after 6 s. */
const TEN: BucketShape = { capacity: 10, ticks: 60_000, tickMs: 1 }
/** Ten a day: one after 2 h 24 min. */
const DAILY: BucketShape = { capacity: 10, ticks: 864_000, tickMs: 100 }
/** Three at a time. */
const THREE: BucketShape = { capacity: 3, ticks: 1, tickMs: 1 }
const T = 1_800_000_000_000

const after = (amount: number, shape = TEN, held = 0): Bucket =>
  holding(charged(drained(EMPTY, shape, T), shape, amount), held)

describe('a bucket', () => {
  test('starts empty: everything fits at once, and not one more', () => {
    const bucket = drained(EMPTY, TEN, T)
    expect(bucket).toEqual({ debt: 0, tick: T, held: 0, refusals: 0 })
    expect(roomIn(bucket, TEN)).toBe(10)
    expect([fits(bucket, TEN, 10), fits(bucket, TEN, 11)]).toEqual([true, false])
  })

  test.each([
    ['nothing', 0, 0],
    ['nothing a moment too early', 5999, 0],
    ['one', 6000, 1],
    ['one until it is two', 11_999, 1],
    ['two', 12_000, 2],
    ['all of it in a window', 60_000, 10],
    ['no more than all of it', 999_999_999, 10],
  ])('that is full has room again for %s, after %p ms', (_, ms, room) => {
    expect(roomIn(drained(after(10), TEN, T + ms), TEN)).toBe(room)
  })

  test('by the day counts time in tenths of a second', () => {
    const full = after(10, DAILY)
    expect(drained(full, DAILY, T + 99)).toEqual(full)
    expect(drained(full, DAILY, T + 100).debt).toBe(full.debt - 10)
    expect(roomIn(drained(full, DAILY, T + 8_639_999), DAILY)).toBe(0)
    expect(roomIn(drained(full, DAILY, T + 8_640_000), DAILY)).toBe(1)
  })

  test('does not pay off by time what running requests hold', () => {
    const bucket = drained(holding(EMPTY, 3), THREE, T)
    expect(fits(bucket, THREE, 1)).toBe(false)
    expect(fits(drained(bucket, THREE, T + 1e12), THREE, 1)).toBe(false)
    expect(fits(holding(bucket, -1), THREE, 1)).toBe(true)
    expect(roomIn(after(4, TEN, 5), TEN)).toBe(1)
  })

  test('gives back what was charged, and never more', () => {
    expect(charged(after(4), TEN, -3)).toEqual(after(1))
    expect(charged(after(4), TEN, -5)).toEqual(after(0))
    expect(holding(after(0, TEN, 4), -3)).toEqual(after(0, TEN, 1))
    expect(holding(after(0, TEN, 4), -5)).toEqual(after(0))
  })

  test('owes no more than can be counted, and soon no more than two windows pay off', () => {
    const deep = charged(after(10), TEN, Number.MAX_SAFE_INTEGER)
    expect(deep.debt).toBe(MAX_DEBT)
    expect(drained(deep, TEN, T + 1).debt).toBe(2 * 10 * 60_000 - 10)
  })

  test('whose limit was lowered has no room below nothing, and is paid off at the new rate', () => {
    const lowered = { ...TEN, capacity: 4 }
    expect(roomIn(after(10), lowered)).toBe(0)
    expect(roomIn(after(0, TEN, 10), lowered)).toBe(0)
    expect(roomIn(drained(after(10), lowered, T + 75_000), lowered)).toBe(1)
    expect(fullAfterMs(drained(after(10), lowered, T), lowered, T)).toBe(120_000)
  })

  test('stands still while time goes backwards, and goes on when it has caught up', () => {
    const full = after(10)
    for (const at of [T - 1, T - 60_000, 0]) expect(drained(full, TEN, at)).toEqual(full)
    expect(waitMs(full, TEN, 1, T - 60_000)).toBe(66_000)
    expect(roomIn(drained(full, TEN, T + 6000), TEN)).toBe(1)
  })
})

describe('how long to wait', () => {
  test.each([
    ['no time for what fits', after(9), TEN, 1, 0],
    ['no time for nothing', after(10), TEN, 0, 0],
    ['until one is paid off', after(10), TEN, 1, 6000],
    ['until all is paid off', after(10), TEN, 10, 60_000],
    ['until there is room beside what is held', after(5, TEN, 5), TEN, 1, 6000],
    ['a second at least when others have to end', after(0, THREE, 3), THREE, 1, 1000],
    ['until all is paid off when others have to end', after(5, TEN, 5), TEN, 6, 30_000],
    ['a second at least for what never fits', after(0), TEN, 11, 1000],
  ])('is %s', (_, bucket, shape, amount, expected) => {
    expect(waitMs(bucket, shape, amount, T)).toBe(expected)
  })

  test('is exact: it fits then, and did not a millisecond before', () => {
    const parts = fc.tuple(anyPart, anyPart, anyPart)
    const property = fc.property(anyShape, parts, (shape, [since, held, wanted]) => {
      const { capacity, ticks, tickMs } = shape
      const full = charged(drained(EMPTY, shape, T), shape, capacity)
      const at = T + Math.floor(since * ticks * tickMs)
      const bucket = drained(holding(full, Math.floor(held * (capacity - 1))), shape, at)
      const amount = 1 + Math.floor(wanted * (capacity - bucket.held - 1))
      fc.pre(!fits(bucket, shape, amount))
      const wait = waitMs(bucket, shape, amount, at)
      expect(fits(drained(bucket, shape, at + wait), shape, amount)).toBe(true)
      expect(fits(drained(bucket, shape, at + wait - 1), shape, amount)).toBe(false)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  test('is exact also until nothing is owed any more', () => {
    fc.assert(
      fc.property(anyShape, anyPart, (shape, part) => {
        const amount = 1 + Math.floor(part * (shape.capacity - 1))
        const bucket = charged(drained(EMPTY, shape, T), shape, amount)
        const wait = fullAfterMs(bucket, shape, T)
        expect(drained(bucket, shape, T + wait).debt).toBe(0)
        expect(drained(bucket, shape, T + wait - 1).debt).toBeGreaterThan(0)
      }),
    )
  })
})

describe('whatever happens to a bucket', () => {
  const ticked = ({ tickMs }: BucketShape, at: number) => BigInt(Math.floor(at / tickMs))

  test('no span of time sees more used than what fits and what is paid off meanwhile', () => {
    const property = fc.property(anyHistory, ({ shape, events }) => {
      const { slices } = live(EMPTY, shape, events)
      const [ticks, capacity] = [BigInt(shape.ticks), BigInt(shape.capacity)]
      for (let from = 0; from < slices.length; from++) {
        const first = ticked(shape, slices[from]?.at ?? 0)
        let used = 0n
        for (const { at, amount } of slices.slice(from)) {
          used += BigInt(amount)
          const paid = (ticked(shape, at) - first) * capacity
          expect(used * ticks <= capacity * ticks + paid).toBe(true)
        }
      }
    })
    fc.assert(property, { numRuns: 500 })
  })

  test('time that goes back and forth lets in no more than its latest moment does', () => {
    const steps = fc.array(fc.integer({ min: -200_000, max: 200_000 }), { maxLength: 40 })
    const property = fc.property(anyShape, steps, (shape, jumps) => {
      let [bucket, at, latest, used] = [drained(EMPTY, shape, START), START, START, 0n]
      for (const jump of jumps) {
        at += jump
        latest = Math.max(latest, at)
        bucket = drained(bucket, shape, at)
        const room = roomIn(bucket, shape)
        bucket = charged(bucket, shape, room)
        used += BigInt(room)
      }
      const paid = (ticked(shape, latest) - ticked(shape, START)) * BigInt(shape.capacity)
      const most = BigInt(shape.capacity) * BigInt(shape.ticks) + paid
      expect(used * BigInt(shape.ticks) <= most).toBe(true)
    })
    fc.assert(property, { numRuns: 500 })
  })
})
