import fc from 'fast-check'
import { type Bucket, charged, drained, EMPTY, holding } from '../../../app/domain/bucket.ts'
import {
  ANY,
  bucketName,
  type Limit,
  type Rule,
  type Scope,
  shapeOf,
  toBase,
  UNITS,
  type Unit,
} from '../../../app/domain/limit.ts'
import { type Claim, decide, type Outcome } from '../../../app/limits/decide.ts'
import type { Admission, Decision, LimitState } from '../../../app/limits/limiter.ts'

/** When everything happens, in epoch ms: at the beginning of a tick of every window. */
export const AT = 1_800_000_000_000

/** Ten requests an hour for oneself, with what the test wants different. */
export function limitOf(change: Partial<Rule & Pick<Limit, 'scope' | 'role'>> = {}): Limit {
  const rule: Rule & Pick<Limit, 'scope' | 'role'> = {
    gateway: ANY,
    model: ANY,
    unit: 'requests',
    window: 'hour',
    amount: 10,
    shadow: false,
    scope: 'user',
    role: null,
    ...change,
  }
  const holder = rule.scope === 'shared' ? `role:${rule.role}` : 'user:1'
  return { ...rule, since: 0, holder, bucket: bucketName(rule, rule.scope === 'key' ? '1' : null) }
}

/** So much of the limit was used a moment ago, and so much is reserved, as people write amounts. */
const bucketWith = (limit: Limit, used: number, held = 0): Bucket => {
  const shape = shapeOf(limit)
  const bucket = charged(drained(EMPTY, shape, AT), shape, toBase(limit.unit, used))
  return holding(bucket, toBase(limit.unit, held))
}

/** The limit with its bucket as the store has it. */
export const claim = (limit: Limit, used: number, held = 0): Claim => ({
  limit,
  shape: shapeOf(limit),
  bucket: bucketWith(limit, used, held),
})

/** The limit as a decision left it. */
export const stateOf = (
  limit: Limit,
  { used = 0, held = 0, fitted = true }: { used?: number; held?: number; fitted?: boolean } = {},
): LimitState => ({ limit, shape: shapeOf(limit), bucket: bucketWith(limit, used, held), fitted })

/** One request that needs so much, and wants no more. */
export const needing = (change: Partial<Record<Unit, number>> = {}): Admission['demands'] => {
  const needs = { requests: 1, tokens: 1, 'compute-seconds': 1000, 'concurrent-requests': 1 }
  const exactly = (need: number) => ({ need, want: need })
  return Object.fromEntries(
    Object.entries({ ...needs, ...change }).map(([unit, need]) => [unit, exactly(need)]),
  ) as Record<Unit, { need: number; want: number }>
}

export interface Situation {
  readonly claims: readonly Claim[]
  readonly demands: Admission['demands']
  readonly at: number
}

/** What the store answers when it decides about these. */
export function decisionOn({ claims, demands, at }: Situation): Decision {
  const { granted, after } = decide(claims, demands, at)
  const limits = claims.map(({ limit }) => limit)
  const states = claims.map(({ limit, shape }, i) => ({ limit, shape, ...(after[i] as Outcome) }))
  return { reservation: granted && { id: '1', granted, limits }, at, states }
}

/** Limits of every kind with buckets of every kind, and demands that each of them can meet. */
export const anySituation = ({ canHold = true } = {}): fc.Arbitrary<Situation> =>
  fc
    .record({
      claims: fc.array(anyClaim(canHold), { minLength: 1, maxLength: 8 }),
      asked: fc.record({
        tokens: fc.nat({ max: 10_000 }),
        'compute-seconds': fc.nat({ max: 60_000 }),
      }),
      at: fc.nat({ max: 200_000_000 }).map((later) => AT + later),
    })
    .map(({ claims, asked, at }) => {
      const smallest = (unit: Unit): number =>
        Math.min(...claims.flatMap((c) => (c.limit.unit === unit ? [c.shape.capacity] : [])))
      const demands = needing({
        tokens: Math.min(asked.tokens, smallest('tokens')),
        'compute-seconds': Math.min(asked['compute-seconds'], smallest('compute-seconds')),
      })
      return { claims, demands, at }
    })

const anyClaim = (canHold: boolean): fc.Arbitrary<Claim> =>
  anyLimit.chain((limit) => {
    const shape = shapeOf(limit)
    const held = fc.integer({ min: 0, max: canHold ? 2 * shape.capacity : 0 })
    const used = limit.window === 'now' ? fc.constant(0) : anyUse(shape.capacity)
    return fc
      .record({ used, held, earlier: fc.nat({ max: 90_000_000 }) })
      .map(({ used, held, earlier }) => {
        const before = drained(EMPTY, shape, AT - earlier)
        return { limit, shape, bucket: holding(charged(before, shape, used), held) }
      })
  })

/** Also far more than fits, as after a limit has been lowered. */
const anyUse = (capacity: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 0, max: 2 * capacity }), fc.integer({ min: 0, max: 1000 * capacity }))

const anyLimit: fc.Arbitrary<Limit> = fc
  .record({
    gateway: fc.constantFrom(ANY, 'ollama', 'openai'),
    model: fc.constantFrom(ANY, 'llama3.2:3b', 'hf.co/a/b:q4_k_m'),
    unit: fc.constantFrom(...UNITS),
    window: fc.constantFrom('minute' as const, 'hour' as const, 'day' as const),
    scope: fc.constantFrom<Scope>('user', 'key', 'role', 'shared'),
    role: fc.string({ unit: 'binary', maxLength: 20 }),
    amount: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1_000_000 })),
    shadow: fc.boolean(),
  })
  .map((rule) =>
    limitOf({
      ...rule,
      window: rule.unit === 'concurrent-requests' ? 'now' : rule.window,
      role: rule.scope === 'role' || rule.scope === 'shared' ? rule.role : null,
    }),
  )
