import { charged, drained, holding, roomIn, waitMs } from '../domain/bucket.ts'
import { fromBase, type Limit } from '../domain/limit.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { limitHeaders, toSeconds } from './headers.ts'
import type { Admission, Decision } from './limiter.ts'
import { type Policy, policiesOf } from './policy.ts'
import { describeLimit, durationInWords } from './words.ts'

/** Told to wait longer, OpenAI's and Anthropic's clients try again after a few seconds. */
const LONGEST_RETRY_WAIT_MS = 60_000
const ONE_SECOND_MS = 1000

/** One limit that is in the way of a request. */
interface Refusal {
  readonly policy: Policy
  /** How long, in ms; only a guess when running requests have to end. */
  readonly waitMs: number
  readonly waitsForOthers: boolean
  /** Whether the request needs all that there can ever be. */
  readonly takesAll: boolean
}

/**
 * The answer to a request that the decision refused, for what it asked; no need may be above the
 * capacity of a limit. It names the limit that takes longest, and Retry-After covers all that refused.
 */
export function limitReached(
  { states, at }: Decision,
  demands: Admission['demands'],
): GatewayError {
  const refusals = policiesOf(states)
    .filter(({ fitted }) => !fitted)
    .map((policy) => refusalBy(policy, demands[policy.limit.unit].need, at))
  return errorOf(refusals, at, '', limitHeaders(states, at, demands))
}

/** The answer to a prompt that has at least so many tokens, which is more than the limit allows ever. */
export const promptTooLong = (limit: Limit, tokens: number): GatewayError =>
  new GatewayError(
    'limit_reached',
    `limit reached: ${describeLimit(limit)}; this prompt alone has at least ${tokens} tokens, so make it shorter`,
    {
      headers: { 'x-should-retry': 'false' },
      details: {
        limit: { ...ruleOf(limit), remaining: null, reset_ms: null, reset: null },
      },
    },
  )

/**
 * The end of an answer that has used up the compute time of a limit: so much of it, in ms, since the
 * decision that let it in, until that time, in epoch ms. It names the limit that had the least left.
 */
export function computeSpent(
  { states, reservation }: Decision,
  usedMs: number,
  at: number,
): GatewayError {
  const policies = policiesOf(states).filter(({ limit }) => limit.unit === 'compute-seconds')
  const least = Math.min(...policies.map(({ bucket, shape }) => roomIn(bucket, shape)))
  const granted = reservation?.granted['compute-seconds'] ?? 0
  const refusals = policies
    .filter(({ bucket, shape }) => roomIn(bucket, shape) === least)
    .map((policy) => refusalBy(settled(policy, granted, usedMs, at), ONE_SECOND_MS, at))
  return errorOf(refusals, at, 'the answer ends here; ', {})
}

function settled(policy: Policy, granted: number, used: number, at: number): Policy {
  const { limit, shape } = policy
  const released = holding(drained(policy.bucket, shape, at), -granted)
  const bucket = charged(released, shape, used)
  return { ...policy, bucket, remaining: fromBase(limit.unit, roomIn(bucket, shape)) }
}

function refusalBy(policy: Policy, need: number, at: number): Refusal {
  const { limit, bucket, shape } = policy
  return {
    policy,
    // It fits by now, or into the limit but not into the share of it that a replica has.
    waitMs: waitMs(bucket, shape, need, at) || ONE_SECOND_MS,
    waitsForOthers: bucket.held + need > shape.capacity,
    takesAll: need >= shape.capacity && limit.amount > 1,
  }
}

function errorOf(
  refusals: readonly Refusal[],
  at: number,
  event: string,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  const longest = refusals.reduce((a, b) => (b.waitMs > a.waitMs ? b : a))
  const text = `limit reached: ${describeLimit(longest.policy.limit)}; ${event}${adviceOn(longest)}`
  return new GatewayError('limit_reached', text, {
    headers: { ...headers, ...retryHeaders(longest.waitMs) },
    details: { limit: detailsOf(longest, at) },
    problemDetails: { 'violated-policies': refusals.map(({ policy }) => policy.name) },
  })
}

function adviceOn({ policy, waitMs, waitsForOthers, takesAll }: Refusal): string {
  const { unit, amount } = policy.limit
  if (unit === 'concurrent-requests')
    return amount === 1 ? 'try again when it has ended' : 'try again when one of them has ended'
  if (waitsForOthers) return 'try again when running requests have ended'
  const when = `try again in ${durationInWords(waitMs)}`
  return takesAll ? `this request takes all of it, so ${when}` : when
}

const retryHeaders = (waitMs: number): Readonly<Record<string, string>> => ({
  'retry-after': `${toSeconds(waitMs)}`,
  'retry-after-ms': `${Math.ceil(waitMs)}`,
  ...(waitMs > LONGEST_RETRY_WAIT_MS && { 'x-should-retry': 'false' }),
})

/** The time until the request would be let in is null when it depends on running requests. */
function detailsOf(
  { policy, waitMs, waitsForOthers }: Refusal,
  at: number,
): Readonly<Record<string, unknown>> {
  const reset = new Date(at + waitMs).toISOString()
  return {
    ...ruleOf(policy.limit),
    remaining: policy.remaining,
    reset_ms: waitsForOthers ? null : waitMs,
    reset: waitsForOthers ? null : reset,
  }
}

const ruleOf = ({ unit, window, scope, role, gateway, model, amount }: Limit) => ({
  unit,
  window,
  scope,
  role,
  gateway,
  model,
  limit: amount,
})
