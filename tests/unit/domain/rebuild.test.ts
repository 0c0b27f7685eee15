import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  type Bucket,
  type BucketShape,
  charged,
  drained,
  EMPTY,
  MAX_DEBT,
} from '../../../app/domain/bucket.ts'
import { type Limit, MAX_AMOUNT, shapeOf } from '../../../app/domain/limit.ts'
import { rebuilt, type Slice } from '../../../app/domain/rebuild.ts'
import { live, START, takesOf } from './bucket-history.ts'

const shapes = fc.record({
  capacity: fc.integer({ min: 1, max: 12 }),
  ticks: fc.integer({ min: 1, max: 10 }),
  tickMs: fc.constantFrom(1, 10, 100),
})
const afterMs = fc.integer({ min: 0, max: 300 })
const amount = fc.integer({ min: 0, max: 12 })
const takes = fc.record({ afterMs, does: fc.constant('take' as const), amount })
const events = fc.array(
  fc.oneof(
    takes,
    fc.record({ afterMs, does: fc.constant('reserve' as const), amount }),
    fc.record({
      afterMs,
      does: fc.constant('settle' as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  ),
  { maxLength: 40 },
)
const rest = fc.integer({ min: 0, max: 1200 })
const windowMs = ({ ticks, tickMs }: BucketShape): number => ticks * tickMs

describe('a bucket that is rebuilt from the use of its last window', () => {
  test('holds no less than the true one, whatever happened before', () => {
    fc.assert(
      fc.property(shapes, events, rest, (shape, history, restMs) => {
        const { bucket, slices, now } = live(EMPTY, shape, history)
        const at = now + restMs
        const { debt } = rebuilt(slices, shape, at)
        expect(debt).toBeGreaterThanOrEqual(drained(bucket, shape, at).debt)
        expect(debt).toBeLessThanOrEqual(shape.capacity * shape.ticks)
      }),
      { numRuns: 2000 },
    )
  })

  test('holds no less when each use is known only to the end of its minute', () => {
    const roundedUp = ({ at, amount }: Slice, ms: number): Slice => ({
      at: (Math.floor(at / ms) + 1) * ms,
      amount,
    })
    fc.assert(
      fc.property(
        shapes,
        events,
        rest,
        fc.integer({ min: 1, max: 500 }),
        (shape, history, restMs, ms) => {
          const { bucket, slices, now } = live(EMPTY, shape, history)
          const at = now + restMs
          const { debt } = rebuilt(
            slices.map((slice) => roundedUp(slice, ms)),
            shape,
            at,
          )
          expect(debt).toBeGreaterThanOrEqual(drained(bucket, shape, at).debt)
          expect(debt).toBeGreaterThanOrEqual(rebuilt(slices, shape, at).debt)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('holds just what the fullest bucket would that admitted the same', () => {
    const soon = fc.array(
      fc.record({ afterMs: fc.nat(40), does: fc.constant('take' as const), amount }),
    )
    fc.assert(
      fc.property(shapes, soon, (shape, history) => {
        const filled = (debt: number): Bucket => ({ ...drained(EMPTY, shape, START), debt })
        const now = START + windowMs(shape)
        const { slices } = live(EMPTY, shape, history)
        const known = slices.filter(({ at }) => at > START && at <= now)
        const replay = (debt: number) => live(filled(debt), shape, takesOf(known))
        let fullest = shape.capacity * shape.ticks
        while (replay(fullest).slices.length < known.length) fullest--
        const { bucket } = replay(fullest)
        expect(rebuilt(known, shape, now).debt).toBe(drained(bucket, shape, now).debt)
      }),
      { numRuns: 2000 },
    )
  })

  test('holds no less than one that was empty a window ago, even when more was used than fits', () => {
    const used = fc.array(fc.record({ afterMs, amount: fc.integer({ min: 0, max: 100 }) }))
    fc.assert(
      fc.property(shapes, used, (shape, uses) => {
        let now = START
        const slices = uses.map(({ afterMs, amount }) => {
          now += afterMs
          return { at: now, amount }
        })
        const known = slices.filter(({ at }) => at > now - windowMs(shape))
        const owed = known.reduce(
          (bucket, { at, amount }) => charged(drained(bucket, shape, at), shape, amount),
          EMPTY,
        )
        expect(rebuilt(slices, shape, now).debt).toBeGreaterThanOrEqual(
          drained(owed, shape, now).debt,
        )
      }),
      { numRuns: 2000 },
    )
  })

  test('is empty when nothing was used for a window, to the millisecond', () => {
    fc.assert(
      fc.property(shapes, fc.nat(5000), (shape, laterMs) => {
        const now = START + laterMs
        const before = [{ at: now - windowMs(shape), amount: shape.capacity }]
        expect(rebuilt([], shape, now)).toEqual(drained(EMPTY, shape, now))
        expect(rebuilt(before, shape, now)).toEqual(drained(EMPTY, shape, now))
      }),
    )
  })

  test('starts from when it was emptied, if that is known', () => {
    const shape = { capacity: 60, ticks: 3600, tickMs: 1000 }
    const hour = 3_600_000
    const now = 100 * hour
    const slices = [
      { at: now - hour / 2, amount: 50 },
      { at: now - hour / 6, amount: 20 },
    ]
    const debt = (emptiedAt?: number) => rebuilt(slices, shape, now, emptiedAt).debt / shape.ticks
    // Full, then 30 paid off, full again, 20 paid off, 20 more, 10 paid off.
    expect(debt()).toBe(50)
    expect(debt(now - 2 * hour)).toBe(50)
    expect(debt(now - (3 * hour) / 4)).toBe(40)
    expect(debt(now - hour / 2)).toBe(10)
    expect(debt(now)).toBe(0)
    expect(debt(now + hour)).toBe(0)
  })

  test('takes what is said to end later for used now', () => {
    const shape = { capacity: 60, ticks: 3600, tickMs: 1000 }
    const now = 1_700_000_000_000
    const { debt, tick } = rebuilt([{ at: now + 59_000, amount: 7 }], shape, now)
    expect([debt, tick]).toEqual([7 * 3600, now / 1000])
  })

  test('stays within whole numbers for the largest limits', () => {
    for (const window of ['hour', 'day'] as const) {
      const shape = shapeOf({ unit: 'tokens', window, amount: MAX_AMOUNT.tokens } as Limit)
      const slices = Array.from({ length: 100 }, (_, i) => ({
        at: START - i,
        amount: Number.MAX_SAFE_INTEGER,
      }))
      const { debt } = rebuilt(slices.reverse(), shape, START)
      expect(Number.isSafeInteger(debt)).toBe(true)
      expect(debt).toBe(Math.min(MAX_DEBT, 2 * shape.capacity * shape.ticks))
    }
  })
})
