import { charged, fullAfterMs, waitMs } from '../domain/bucket.ts'
import { toBase } from '../domain/limit.ts'
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
  const headers: Record<string, string> = {
    'ratelimit-policy': policies.map(({ item }) => item).join(', '),
    ratelimit: policies
      .map((policy) => itemOf(policy, effectiveMs(policy, at, refused)))
      .join(', '),
  }
  addOpenAiHeaders(headers, policies, 'requests', at)
  addOpenAiHeaders(headers, policies, 'tokens', at)
  return headers
}

/** As whole seconds that are not over any earlier; at least 1. */
export const toSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

/** The limit's item in RateLimit. */
const itemOf = ({ name, remaining }: Policy, ms: number | null): string =>
  ms === null ? `"${name}";r=${remaining}` : `"${name}";r=${remaining};t=${toSeconds(ms)}`

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

const OPENAI_NAMES = {
  requests: {
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
  },
  tokens: {
    limit: 'x-ratelimit-limit-tokens',
    remaining: 'x-ratelimit-remaining-tokens',
    reset: 'x-ratelimit-reset-tokens',
  },
} as const

function addOpenAiHeaders(
  headers: Record<string, string>,
  policies: readonly Policy[],
  unit: keyof typeof OPENAI_NAMES,
  at: number,
): void {
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
  if (!tightest) return
  const names = OPENAI_NAMES[unit]
  headers[names.limit] = `${tightest.limit.amount}`
  headers[names.remaining] = `${tightest.remaining}`
  headers[names.reset] = toDuration(resetMs)
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
