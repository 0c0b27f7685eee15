import { charged, fullAfterMs, waitMs } from '../domain/bucket.ts'
import { toBase, type Unit } from '../domain/limit.ts'
import type { Admission, LimitState } from './limiter.ts'
import { type Policy, policiesOf } from './policy.ts'

/**
 * What a response says about its limits, without the shadows: RateLimit-Policy and RateLimit as in
 * draft-ietf-httpapi-ratelimit-headers-11, and for requests and tokens OpenAI's headers about the
 * limit of which the least is left. The states are those of a decision at that time, in epoch ms;
 * for a refusal the demands tell how long it lasts. No headers for a request without limits.
 */
export function limitHeaders(
  states: readonly LimitState[],
  at: number,
  demands?: Admission['demands'],
): Readonly<Record<string, string>> {
  const policies = policiesOf(states)
  if (policies.length === 0) return {}
  const refused = demands && policies.some(({ fitted }) => !fitted) ? demands : null
  return {
    'ratelimit-policy': listOf(policies, ({ parameters }) => parameters),
    ratelimit: listOf(policies, (policy) => {
      const ms = effectiveMs(policy, at, refused)
      return ms === null ? `;r=${policy.remaining}` : `;r=${policy.remaining};t=${toSeconds(ms)}`
    }),
    ...openAiHeaders(policies, 'requests', at),
    ...openAiHeaders(policies, 'tokens', at),
  }
}

/** As whole seconds that are not over any earlier; at least 1. */
export const toSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

const listOf = (policies: readonly Policy[], parameters: (policy: Policy) => string): string =>
  policies.map((policy) => `"${policy.name}"${parameters(policy)}`).join(', ')

/**
 * How long there is no more to use than what is left, in ms; null when time alone does not change
 * that. On a refusal only the limits that refused have one: none may end later than Retry-After.
 */
function effectiveMs(
  { limit, bucket, shape, fitted, remaining }: Policy,
  at: number,
  refused: Admission['demands'] | null,
): number | null {
  if (limit.window === 'now') return null
  if (refused) return fitted ? null : waitMs(bucket, shape, refused[limit.unit].need, at)
  if (bucket.debt === 0) return null
  return waitMs(bucket, shape, toBase(limit.unit, remaining + 1), at)
}

function openAiHeaders(
  policies: readonly Policy[],
  unit: Unit,
  at: number,
): Readonly<Record<string, string>> {
  let tightest: Policy | null = null
  let resetMs = 0
  for (const policy of policies) {
    if (policy.limit.unit !== unit) continue
    if (tightest && policy.remaining > tightest.remaining) continue
    const fullMs = fullMsOf(policy, at)
    if (tightest && policy.remaining === tightest.remaining && fullMs <= resetMs) continue
    tightest = policy
    resetMs = fullMs
  }
  if (!tightest) return {}
  return {
    [`x-ratelimit-limit-${unit}`]: `${tightest.limit.amount}`,
    [`x-ratelimit-remaining-${unit}`]: `${tightest.remaining}`,
    [`x-ratelimit-reset-${unit}`]: toDuration(resetMs),
  }
}

/** How long until the limit is full again, if running requests use all that they have reserved. */
const fullMsOf = ({ bucket, shape }: Policy, at: number): number =>
  fullAfterMs(charged(bucket, shape, bucket.held), shape, at)

/** `120ms`, `1s`, `6m0s`, `2h0m0s`: whole numbers only, since some clients read no others. */
function toDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms < 1000) return `${Math.ceil(ms)}ms`
  const all = toSeconds(ms)
  const seconds = all % 60
  const minutes = ((all - seconds) / 60) % 60
  const hours = (all - seconds - minutes * 60) / 3600
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`
}
