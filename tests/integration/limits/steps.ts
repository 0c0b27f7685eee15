import fc from 'fast-check'
import type { Amounts } from '../../../app/domain/limit.ts'
import type { Admission } from '../../../app/limits/limiter.ts'
import { limitsOf } from './some-limits.ts'

/** One thing that happens. Numbers that name a limit or a request are taken modulo how many there are. */
export type Step =
  | {
      readonly does: 'admit'
      readonly which: readonly number[]
      readonly demands: Admission['demands']
      readonly times: number
    }
  | {
      readonly does: 'settle'
      readonly which: number
      readonly used: Amounts
      readonly isRetry: boolean
    }
  | { readonly does: 'settle again'; readonly which: number; readonly used: Amounts }
  | { readonly does: 'wait'; readonly us: number }
  | { readonly does: 'change'; readonly which: number; readonly part: number }
  | { readonly does: 'keep'; readonly which: readonly number[] }
  /** The process that should settle the later ones is gone. */
  | { readonly does: 'die'; readonly which: number }
  /** Redis loses a holder's buckets, and maybe what is held of them; the ledger says what was used. */
  | {
      readonly does: 'lose'
      readonly which: number
      readonly part: number
      readonly holdsToo: boolean
    }

/** More than any limit. */
const HUGE = 20_000_000_000

const part = fc.double({ min: 0, max: 1, noNaN: true })
const demand = (need: number, more: number) =>
  fc.tuple(fc.nat(need), fc.nat(more)).map(([n, m]) => ({ need: n, want: n + m }))
const one = fc.constant({ need: 1, want: 1 })
const mostly = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: rare })

const demands: fc.Arbitrary<Admission['demands']> = fc.record({
  requests: mostly(one, demand(3, 3)),
  tokens: mostly(demand(300, 2000), demand(20_000, HUGE)),
  'compute-seconds': mostly(demand(1000, 30_000), demand(600_000, HUGE)),
  'concurrent-requests': mostly(one, demand(3, 0)),
})

/** Huge ones are rare: until a bucket is over one, nothing else happens to it. */
const amount = (usual: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 900, arbitrary: fc.nat(usual) },
    { weight: 90, arbitrary: fc.nat(10 * usual) },
    { weight: 1, arbitrary: fc.nat(HUGE) },
  )

const used: fc.Arbitrary<Amounts> = fc.record({
  requests: mostly(fc.constant(1), fc.nat(3)),
  tokens: amount(2500),
  'compute-seconds': amount(40_000),
  'concurrent-requests': mostly(fc.constant(0), fc.nat(2)),
})

const SECOND_US = 1_000_000
const us = fc.oneof(
  fc.constant(0),
  fc.nat(20_000),
  { weight: 4, arbitrary: fc.nat(5 * SECOND_US) },
  { weight: 3, arbitrary: fc.nat(600 * SECOND_US) },
  fc.nat(3 * 3600 * SECOND_US),
  fc.nat(3 * 86_400 * SECOND_US),
  fc.integer({ min: -60 * SECOND_US, max: 0 }),
)

const which = fc.nat(9999)
const some = { minLength: 1, maxLength: 8 }
const indexes = limitsOf('').map((_, i) => i)

const admit = fc.constant('admit' as const)
const asked = fc.subarray(indexes, some)

/** Many that ask for so little that all of them fit. */
const rush: fc.Arbitrary<Step> = fc
  .record({
    which: asked,
    each: fc.nat(2),
    times: mostly(fc.nat(3), fc.integer({ min: 30, max: 90 })),
  })
  .map(({ which, each, times }) => {
    const little = { need: each, want: each }
    const none = { need: 0, want: 0 }
    return {
      does: 'admit',
      which,
      times,
      demands: {
        requests: none,
        tokens: little,
        'compute-seconds': little,
        'concurrent-requests': none,
      },
    }
  })

const usual: fc.WeightedArbitrary<Step>[] = [
  {
    weight: 12,
    arbitrary: fc.record({ does: admit, which: asked, demands, times: fc.constant(1) }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      does: fc.constant('settle' as const),
      which,
      used,
      isRetry: fc.constant(false),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('settle again' as const), which, used }),
  },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('wait' as const), us }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('change' as const), which, part }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('keep' as const), which: fc.array(which, some) }),
  },
]

/** What happens to one process that goes on. */
export const calmStep: fc.Arbitrary<Step> = fc.oneof(...usual)

/** And what happens when processes and stores fail. */
export const roughStep: fc.Arbitrary<Step> = fc.oneof(
  ...usual,
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('settle' as const),
      which,
      used,
      isRetry: fc.constant(true),
    }),
  },
  { weight: 1, arbitrary: rush },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('die' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('lose' as const),
      which,
      part,
      holdsToo: fc.boolean(),
    }),
  },
)
