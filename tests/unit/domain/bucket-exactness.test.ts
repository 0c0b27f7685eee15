import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  type Bucket,
  type BucketShape,
  charged,
  drained,
  fits,
  fullAfterMs,
  holding,
  MAX_DEBT,
  roomIn,
  waitMs,
} from '../../../app/domain/bucket.ts'
import { MAX_AMOUNT, shapeOf, UNITS, WINDOWS } from '../../../app/domain/limit.ts'
import { anyPart, anyShape } from './bucket-shapes.ts'

const T = 1_800_000_000_000

/** The rules once more, with whole numbers that have no end. */
const truth = {
  drained({ debt, tick, ...rest }: Bucket, shape: BucketShape, at: number): Bucket {
    const { capacity, ticks, tickMs } = shape
    const most = 2n * BigInt(capacity) * BigInt(ticks)
    const owed = BigInt(debt) < most ? BigInt(debt) : most
    const then = BigInt(Math.max(tick, Math.floor(at / tickMs)))
    const left = owed - (then - BigInt(tick)) * BigInt(capacity)
    return { ...rest, tick: Number(then), debt: Number(left > 0n ? left : 0n) }
  },
  free: ({ debt, held }: Bucket, { capacity, ticks }: BucketShape): bigint =>
    (BigInt(capacity) - BigInt(held)) * BigInt(ticks) - BigInt(debt),
  fits: (bucket: Bucket, shape: BucketShape, amount: number): boolean =>
    truth.free(bucket, shape) >= BigInt(amount) * BigInt(shape.ticks),
  roomIn(bucket: Bucket, shape: BucketShape): number {
    const free = truth.free(bucket, shape)
    return free > 0n ? Number(free / BigInt(shape.ticks)) : 0
  },
  charged(bucket: Bucket, { ticks }: BucketShape, amount: number): Bucket {
    const debt = BigInt(bucket.debt) + BigInt(amount) * BigInt(ticks)
    const most = BigInt(MAX_DEBT)
    return { ...bucket, debt: Number(debt < 0n ? 0n : debt > most ? most : debt) }
  },
  /** For a debt that has to come down to that. */
  paidAfterMs({ debt, tick }: Bucket, shape: BucketShape, goal: bigint, at: number): number {
    const [owed, rate] = [BigInt(debt) - goal, BigInt(shape.capacity)]
    const ticks = (owed + rate - 1n) / rate
    return Number((BigInt(tick) + ticks) * BigInt(shape.tickMs) - BigInt(at))
  },
}

const anyDebt = fc.oneof(
  fc.integer({ min: 0, max: MAX_DEBT }),
  fc.integer({ min: MAX_DEBT - 1000, max: MAX_DEBT }),
  fc.nat(1000),
)
const anyAmount = fc.oneof(
  fc.integer({ min: 0, max: 10_000_000_000 }),
  fc.integer({ min: Number.MAX_SAFE_INTEGER - 1000, max: Number.MAX_SAFE_INTEGER }),
  fc.nat(1000),
)

/** A shape, a bucket of it, a moment and an amount, small or as large as can be. */
const anyMoment = fc
  .record({
    shape: anyShape,
    debt: anyDebt,
    heldPart: anyPart,
    held: fc.constantFrom(0, 1, 2),
    agoMs: fc.oneof(fc.integer({ min: -100_000, max: 100_000_000 }), fc.constant(T)),
    amount: anyAmount,
  })
  .map(({ shape, debt, heldPart, held, agoMs, amount }) => ({
    shape,
    amount,
    bucket: {
      debt,
      tick: Math.floor((T - agoMs) / shape.tickMs),
      held: Math.floor(heldPart * held * shape.capacity),
      refusals: 0,
    },
  }))

type Moment = ReturnType<typeof anyMoment.generate>['value']

describe('a bucket of any size is as exact as whole numbers are', () => {
  const holds = (check: (moment: Moment) => void) =>
    fc.assert(fc.property(anyMoment, check), { numRuns: 3000 })

  test('when it is drained', () => {
    holds(({ bucket, shape }) => {
      expect(drained(bucket, shape, T)).toEqual(truth.drained(bucket, shape, T))
    })
  })

  test('when it says what fits and how much room there is', () => {
    holds(({ bucket, shape, amount }) => {
      expect(fits(bucket, shape, amount)).toBe(truth.fits(bucket, shape, amount))
      expect(roomIn(bucket, shape)).toBe(truth.roomIn(bucket, shape))
    })
  })

  test('to the last one: what it has room for fits, and one more does not', () => {
    holds(({ bucket, shape }) => {
      const room = roomIn(bucket, shape)
      expect(truth.fits(bucket, shape, room + 1)).toBe(false)
      if (bucket.held <= shape.capacity && bucket.debt <= shape.capacity * shape.ticks)
        expect(room === 0 || truth.fits(bucket, shape, room)).toBe(true)
    })
  })

  test('when it is charged and when it gets back', () => {
    holds(({ bucket, shape, amount }) => {
      expect(charged(bucket, shape, amount)).toEqual(truth.charged(bucket, shape, amount))
      expect(charged(bucket, shape, -amount)).toEqual(truth.charged(bucket, shape, -amount))
    })
  })

  test('when it gets back exactly what it was charged', () => {
    holds(({ bucket, shape, amount }) => {
      const once = charged(bucket, shape, amount)
      if (once.debt < MAX_DEBT) expect(charged(once, shape, -amount)).toEqual(bucket)
      expect(holding(holding(bucket, amount % 1e15), -(amount % 1e15))).toEqual(bucket)
    })
  })

  test('when it says how long to wait', () => {
    holds(({ bucket: before, shape, amount: some }) => {
      const bucket = drained(before, shape, T)
      const full = truth.paidAfterMs(bucket, shape, 0n, T)
      expect(fullAfterMs(bucket, shape, T)).toBe(bucket.debt === 0 ? 0 : full)
      const amount = some % (2 * shape.capacity)
      const goal = BigInt(shape.capacity - bucket.held - amount) * BigInt(shape.ticks)
      if (!fits(bucket, shape, amount) && goal >= 0n)
        expect(waitMs(bucket, shape, amount, T)).toBe(truth.paidAfterMs(bucket, shape, goal, T))
    })
  })

  test('however often it is looked at meanwhile', () => {
    const looks = fc.array(fc.integer({ min: -1_000_000, max: 10_000_000 }), { maxLength: 20 })
    const property = fc.property(anyMoment, looks, ({ bucket, shape }, jumps) => {
      let [at, latest, seen] = [T, T, bucket]
      for (const jump of [0, ...jumps]) {
        at += jump
        latest = Math.max(latest, at)
        seen = drained(seen, shape, at)
      }
      expect(seen).toEqual(drained(bucket, shape, latest))
    })
    fc.assert(property, { numRuns: 1000 })
  })
})

test('the largest limits are counted exactly, in every window', () => {
  for (const unit of UNITS) {
    for (const window of WINDOWS) {
      const rule = {
        gateway: '*',
        model: '*',
        unit,
        window,
        amount: MAX_AMOUNT[unit],
        shadow: false,
      }
      const shape = shapeOf(rule)
      expect(shape.capacity * shape.ticks).toBeLessThanOrEqual(MAX_DEBT)
      const full = charged(
        drained({ debt: 0, tick: 0, held: 0, refusals: 0 }, shape, T),
        shape,
        shape.capacity,
      )
      expect(full.debt).toBe(shape.capacity * shape.ticks)
      expect(roomIn(charged(full, shape, -1), shape)).toBe(1)
    }
  }
  expect(Number.isSafeInteger(MAX_DEBT + 1)).toBe(true)
})
