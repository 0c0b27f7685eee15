import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { drained, EMPTY, roomIn } from '../../../app/domain/bucket.ts'
import { shapeOf } from '../../../app/domain/limit.ts'
import { localBucket, localShape, placeAmong, shareOf } from '../../../app/limits/replica-share.ts'
import { AT, limitOf } from './limit-states.ts'

const anyCount = fc.integer({ min: 1, max: 12 })
const placesOf = (count: number) => Array.from({ length: count }, (_, rank) => ({ rank, count }))
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

describe('the shares of replicas', () => {
  test('add up to the whole exactly, and none is larger than another by more than one', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000_000 }), anyCount, (amount, count) => {
        const shares = placesOf(count).map((place) => shareOf(amount, place))
        expect(sum(shares)).toBe(amount)
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('leave together as much as was left in the bucket that they shared', () => {
    const anyLimit = fc.record({
      amount: fc.integer({ min: 1, max: 5000 }),
      unit: fc.constantFrom('requests', 'tokens', 'compute-seconds'),
      window: fc.constantFrom('minute', 'hour', 'day'),
    })
    const anyUse = fc.record({ debt: fc.double({ min: 0, max: 2 }), held: fc.nat({ max: 6000 }) })
    fc.assert(
      fc.property(anyLimit, anyUse, anyCount, (rule, use, count) => {
        const limit = limitOf(rule as Parameters<typeof limitOf>[0])
        const shape = shapeOf(limit)
        const debt = Math.floor(use.debt * shape.capacity * shape.ticks)
        const shared = { ...drained(EMPTY, shape, AT), debt, held: use.held }
        const rooms = placesOf(count).map((place) =>
          roomIn(localBucket(limit, shared, place), localShape(limit, place)),
        )
        expect(sum(rooms)).toBe(roomIn(shared, shape))
      }),
    )
  })

  test('of what may run at a time are of the whole, whatever runs elsewhere', () => {
    const limit = limitOf({ unit: 'concurrent-requests', window: 'now', amount: 7 })
    const shared = { ...EMPTY, held: 6 }
    const rooms = placesOf(3).map((place) =>
      roomIn(localBucket(limit, shared, place), localShape(limit, place)),
    )
    expect(rooms).toEqual([3, 2, 2])
  })

  test('refill to the whole together', () => {
    const limit = limitOf({ amount: 10 })
    const shapes = placesOf(4).map((place) => localShape(limit, place))
    expect(shapes.map(({ capacity }) => capacity)).toEqual([3, 3, 2, 2])
    expect(new Set(shapes.map(({ ticks, tickMs }) => ticks * tickMs))).toEqual(new Set([3_600_000]))
  })
})

describe('the place of a replica', () => {
  test('is another for each of those that are alive', () => {
    const alive = ['c', 'a', 'b']
    expect(alive.map((id) => placeAmong(id, alive))).toEqual([
      { rank: 2, count: 3 },
      { rank: 0, count: 3 },
      { rank: 1, count: 3 },
    ])
  })

  test('is alone when nobody knows it', () => {
    expect(placeAmong('d', ['a', 'b'])).toEqual({ rank: 0, count: 1 })
  })
})
