import { type Limit, shapeOf, type Unit } from '../domain/limit.ts'
import type { Demand } from './limiter.ts'

/** An answer that can't have so many tokens is not worth beginning. */
const LEAST_ANSWER_TOKENS = 16
/** A slice of the time that a host will be busy, in ms; the true time is charged at the end. */
const COMPUTE_MS = 30_000
const LEAST_COMPUTE_MS = 1000

const ONE: Demand = { need: 1, want: 1 }
const NONE: Demand = { need: 0, want: 0 }

/** Nothing of any unit. */
export const NO_DEMANDS: Readonly<Record<Unit, Demand>> = {
  requests: NONE,
  tokens: NONE,
  'compute-seconds': NONE,
  'concurrent-requests': NONE,
}

/** What is known of a request before it runs, in tokens. */
export interface Expected {
  readonly promptTokens: number
  /** The longest answer it may have. */
  readonly predictTokens: number
}

/**
 * What a request asks of its limits: one request, its prompt and the whole answer it may have, and
 * some time. It makes do with less, down to a prompt with a short answer. It never needs more than
 * the smallest limit on a unit holds: that would be a refusal for ever.
 */
export function demandsOf(
  limits: readonly Limit[],
  { promptTokens, predictTokens }: Expected,
): Readonly<Record<Unit, Demand>> {
  const least = promptTokens + Math.min(predictTokens, LEAST_ANSWER_TOKENS)
  return {
    requests: ONE,
    tokens: atMost(smallest(limits, 'tokens'), least, promptTokens + predictTokens),
    'compute-seconds': computeDemand(limits),
    'concurrent-requests': ONE,
  }
}

/** One slice of compute time. */
export const computeDemand = (limits: readonly Limit[]): Demand =>
  atMost(smallest(limits, 'compute-seconds'), LEAST_COMPUTE_MS, COMPUTE_MS)

function smallest(limits: readonly Limit[], unit: Unit): number {
  let least = Number.POSITIVE_INFINITY
  for (const limit of limits) {
    if (limit.unit === unit && !limit.shadow) least = Math.min(least, shapeOf(limit).capacity)
  }
  return least
}

const atMost = (capacity: number, need: number, want: number): Demand => ({
  need: Math.min(need, capacity),
  want: Math.min(want, capacity),
})
