import fc from 'fast-check'
import {
  type Amounts,
  bucketName,
  type Limit,
  MAX_AMOUNT,
  type Rule,
  type Unit,
  type Window,
} from '../../../app/domain/limit.ts'
import type { Admission } from '../../../app/limits/limiter.ts'

/** One thing that happens. Numbers that name a limit or a request are taken modulo how many there are. */
export type Step =
  | {
      readonly does: 'admit'
      readonly which: readonly number[]
      readonly demands: Admission['demands']
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
  /** The process that should settle it is gone. */
  | { readonly does: 'die'; readonly which: number }
  /** Redis loses all that a holder has; the ledger says how much of it was used. */
  | { readonly does: 'lose'; readonly which: number; readonly part: number }

type Kind = readonly [
  scope: Limit['scope'],
  unit: Unit,
  window: Window,
  model: string,
  shadow?: true,
]

/** Every unit and window, for oneself, for a key, and in the budgets of two roles. */
const KINDS: readonly (readonly [holder: string, ...Kind])[] = [
  ['user:', 'user', 'requests', 'minute', '*'],
  ['user:', 'role', 'requests', 'hour', 'hourglass:latest'],
  ['user:', 'role', 'requests', 'day', '*', true],
  ['user:', 'user', 'tokens', 'minute', 'hourglass:latest'],
  ['user:', 'role', 'tokens', 'day', '*'],
  ['user:', 'user', 'compute-seconds', 'hour', '*'],
  ['user:', 'user', 'concurrent-requests', 'now', '*'],
  ['user:', 'key', 'tokens', 'hour', '*'],
  ['user:', 'key', 'concurrent-requests', 'now', '*', true],
  ['role:a', 'shared', 'requests', 'minute', '*'],
  ['role:a', 'shared', 'tokens', 'day', '*'],
  ['role:a', 'shared', 'concurrent-requests', 'now', '*'],
  ['role:b', 'shared', 'requests', 'day', '*'],
  ['role:b', 'shared', 'tokens', 'hour', 'day:latest'],
  ['role:b', 'shared', 'compute-seconds', 'day', '*', true],
]

/** The limits, of holders that only this run has; their amounts are small at first. */
export const limitsOf = (run: string): Limit[] =>
  KINDS.map(([holder, scope, unit, window, model, shadow = false]) => {
    const rule: Rule = { gateway: '*', model, unit, window, amount: amountFor(unit, 0), shadow }
    const bucket = bucketName(rule, scope === 'key' ? '7' : null)
    return { ...rule, scope, since: 0, role: null, holder: `${holder}-${run}`, bucket }
  })

/** An amount for a part from 0 to 1: mostly small, sometimes all that is possible. */
export function amountFor(unit: Unit, part: number): number {
  const [least, usual] = USUAL[unit]
  return part < 0.8
    ? Math.ceil(least + (part / 0.8) * (usual - least))
    : MAX_AMOUNT[unit] - Math.floor((1 - part) * 20)
}

const USUAL: Readonly<Record<Unit, readonly [number, number]>> = {
  requests: [5, 50],
  tokens: [2000, 50_000],
  'compute-seconds': [20, 600],
  'concurrent-requests': [2, 12],
}

const part = fc.double({ min: 0, max: 1, noNaN: true })
const demand = (need: number, more: number) =>
  fc.tuple(fc.nat(need), fc.nat(more)).map(([n, m]) => ({ need: n, want: n + m }))
const one = fc.constant({ need: 1, want: 1 })
const mostly = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: rare })

const demands: fc.Arbitrary<Admission['demands']> = fc.record({
  requests: mostly(one, demand(3, 3)),
  tokens: mostly(demand(300, 2000), demand(20_000_000_000, 20_000_000_000)),
  'compute-seconds': mostly(demand(1000, 30_000), demand(20_000_000_000, 1)),
  'concurrent-requests': mostly(one, demand(3, 0)),
})

const used: fc.Arbitrary<Amounts> = fc.record({
  requests: mostly(fc.constant(1), fc.nat(3)),
  tokens: mostly(fc.nat(2500), fc.nat(20_000_000_000)),
  'compute-seconds': mostly(fc.nat(40_000), fc.nat(20_000_000_000)),
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
const indexes = KINDS.map((_, i) => i)

const usual: fc.WeightedArbitrary<Step>[] = [
  {
    weight: 12,
    arbitrary: fc.record({
      does: fc.constant('admit' as const),
      which: fc.subarray(indexes, some),
      demands,
    }),
  },
  {
    weight: 9,
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
  { weight: 2, arbitrary: fc.record({ does: fc.constant('die' as const), which }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('lose' as const), which, part }) },
)
