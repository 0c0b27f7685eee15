import type { BucketShape } from './bucket.ts'

/** What can be limited. */
export const UNITS = ['requests', 'tokens', 'compute-seconds', 'concurrent-requests'] as const
export type Unit = (typeof UNITS)[number]

/** Over how long a limit refills; `now` is for concurrent requests, which do not. */
export const WINDOWS = ['minute', 'hour', 'day', 'now'] as const
export type Window = (typeof WINDOWS)[number]

/** In the place of a gateway or a model: one bucket that is shared over all of them. */
export const ANY = '*'

/** The largest amount of a limit: what exact arithmetic in 53 bits allows. */
export const MAX_AMOUNT: Readonly<Record<Unit, number>> = {
  requests: 10_000_000_000,
  tokens: 10_000_000_000,
  'compute-seconds': 10_000_000,
  'concurrent-requests': 1_000_000,
}

/** What is limited, as an administrator writes it. */
export interface Rule {
  /** A gateway's name, or `*`. */
  readonly gateway: string
  /** A canonical model name, or `*`. */
  readonly model: string
  readonly unit: Unit
  readonly window: Window
  /** In whole requests, tokens or seconds; at least 1. */
  readonly amount: number
  /** Counts and tells what it would have refused, and refuses nothing. */
  readonly shadow: boolean
}

/** Whose rule it is: their own, their key's, their role's for each member, or their role's for all. */
export type Scope = 'user' | 'key' | 'role' | 'shared'

/** A rule as it applies to one caller. */
export interface Limit extends Rule {
  readonly scope: Scope
  /** When it was set, in epoch ms: what was used before does not count. */
  readonly since: number
  /** The role it comes from, or null. */
  readonly role: string | null
  /** Whose buckets they are, `user:ID` or `role:ID`: what is kept together in a store. */
  readonly holder: string
  /** Which of the holder's buckets it is; the same for the same rule with another amount. */
  readonly bucket: string
}

/** How much of each unit; requests and tokens as they are, compute time in ms. */
export type Amounts = Readonly<Record<Unit, number>>

export const NOTHING: Amounts = {
  requests: 0,
  tokens: 0,
  'compute-seconds': 0,
  'concurrent-requests': 0,
}

const MS_PER_SECOND = 1000
const CLOCKS: Readonly<Record<Window, Pick<BucketShape, 'ticks' | 'tickMs'>>> = {
  minute: { ticks: 60_000, tickMs: 1 },
  hour: { ticks: 360_000, tickMs: 10 },
  day: { ticks: 864_000, tickMs: 100 },
  now: { ticks: 1, tickMs: 1 },
}

/** The bucket that holds a rule: time is coarser in longer windows, so that amounts can be larger. */
export const shapeOf = ({ unit, window, amount }: Rule): BucketShape => ({
  capacity: toBase(unit, amount),
  ...CLOCKS[window],
})

/** An amount as buckets count it: compute time in ms, everything else as it is. */
export const toBase = (unit: Unit, amount: number): number =>
  unit === 'compute-seconds' ? amount * MS_PER_SECOND : amount

/** What a bucket counts as people read it, rounded down to whole seconds. */
export const fromBase = (unit: Unit, amount: number): number =>
  unit === 'compute-seconds' ? Math.floor(amount / MS_PER_SECOND) : amount

/** How long a window is, in ms; 0 for what does not refill. */
export const windowMs = (window: Window): number =>
  window === 'now' ? 0 : CLOCKS[window].ticks * CLOCKS[window].tickMs

/** The name of a rule's bucket among those of its holder; keys have theirs beside their owner's. */
export const bucketName = (rule: Rule, keyId: string | null): string =>
  [
    keyId === null ? 'all' : `key:${keyId}`,
    rule.gateway,
    rule.model,
    rule.unit,
    rule.window,
    ...(rule.shadow ? ['shadow'] : []),
  ].join(' ')

/** Whether the rule covers requests through this gateway with this model. */
export const covers = (rule: Rule, gateway: string, model: string | null): boolean =>
  (rule.gateway === ANY || rule.gateway === gateway) && (rule.model === ANY || rule.model === model)

/** Which of a caller's limits cover such requests; the same list each time, for the same limits. */
export function coveringLimits(
  limits: readonly Limit[],
  gateway: string,
  model: string | null,
): readonly Limit[] {
  const known = covering.get(limits) ?? new Map<string, readonly Limit[]>()
  covering.set(limits, known)
  const name = `${gateway} ${model}`
  const found = known.get(name) ?? limits.filter((limit) => covers(limit, gateway, model))
  known.set(name, found)
  return found
}

const covering = new WeakMap<readonly Limit[], Map<string, readonly Limit[]>>()

/**
 * The limits that apply to a caller. A rule of their own stands in place of their roles' templates
 * for the same thing; where several roles have one, the largest counts. Keys and shared budgets come
 * on top. Those of one holder stand together.
 */
export function effectiveLimits(limits: readonly Limit[]): Limit[] {
  const byBucket = new Map<string, Limit>()
  for (const limit of limits) {
    const name = `${limit.holder} ${limit.bucket}`
    const known = byBucket.get(name)
    if (!known || outranks(limit, known)) byBucket.set(name, limit)
  }
  return [...byBucket.values()].sort((a, b) => compare(a.holder, b.holder))
}

function outranks(limit: Limit, known: Limit): boolean {
  if (limit.scope !== known.scope) return limit.scope === 'user'
  return limit.amount > known.amount
}

/** Users before roles, so that the order in which stores touch them is always the same. */
const compare = (a: string, b: string): number => (a === b ? 0 : a > b ? -1 : 1)
