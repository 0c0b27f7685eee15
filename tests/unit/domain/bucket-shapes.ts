import fc from 'fast-check'
import type { BucketShape } from '../../../app/domain/bucket.ts'
import { MAX_AMOUNT, type Rule, shapeOf, UNITS, type Window } from '../../../app/domain/limit.ts'
import type { Event } from './bucket-history.ts'

const LASTING: readonly Window[] = ['minute', 'hour', 'day']

/** Everything that can be limited, in every amount, small and largest ones more often. */
export const anyRule: fc.Arbitrary<Rule> = fc
  .record({ unit: fc.constantFrom(...UNITS), window: fc.constantFrom(...LASTING) })
  .chain(({ unit, window }) => {
    const max = MAX_AMOUNT[unit]
    const amount = fc.oneof(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max }),
      fc.integer({ min: max - 20, max }),
    )
    return amount.map((amount) => ({
      gateway: '*',
      model: '*',
      unit,
      window: unit === 'concurrent-requests' ? 'now' : window,
      amount,
      shadow: false,
    }))
  })

export const anyShape: fc.Arbitrary<BucketShape> = anyRule.map(shapeOf)

/** A number from 0 to 1, and both more often. */
export const anyPart: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1),
  fc.double({ min: 0, max: 1, noNaN: true }),
)

/** A bucket's shape, and what happens to it: amounts up to a little more than it holds. */
export const anyHistory: fc.Arbitrary<{ shape: BucketShape; events: Event[] }> = anyShape.chain(
  (shape) => {
    const amount = fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: shape.capacity + 2 }),
    )
    const afterMs = fc.oneof(fc.nat(20), fc.nat(60_000), fc.nat(90_000_000))
    const event: fc.Arbitrary<Event> = fc.oneof(
      fc.record({ afterMs, does: fc.constant('take' as const), amount }),
      fc.record({ afterMs, does: fc.constant('reserve' as const), amount }),
      fc.record({ afterMs, does: fc.constant('settle' as const), part: anyPart }),
    )
    return fc.record({ shape: fc.constant(shape), events: fc.array(event, { maxLength: 60 }) })
  },
)
