import type { MiddlewareHandler } from 'hono'
import { roomIn } from '../domain/bucket.ts'
import { type Amounts, coveringLimits } from '../domain/limit.ts'
import { reservePromptTokens } from '../domain/usage.ts'
import { demandsOf } from '../limits/demands.ts'
import { limitHeaders } from '../limits/headers.ts'
import type { Decision, Limiter, LimitState } from '../limits/limiter.ts'
import { computeSpent, limitReached } from '../limits/refusal.ts'
import type { Log } from '../log.ts'
import type { ComputeBudget } from '../services/live-requests.ts'
import type { Used } from '../usage/meter.ts'
import type { ModelEnv } from './model-access.ts'

export interface TokenBucketNeeds {
  readonly limiter: Limiter
  readonly newId: () => string
  readonly log: Log
  /** Told of each decision and how long it took, in seconds. */
  readonly onDecision?: (decision: Decision, seconds: number) => void
  /** How long answers can be, in tokens. */
  readonly answers: {
    /** When the request does not say, and a limit on tokens applies. */
    readonly defaultTokens: number
    readonly maxTokens: number
  }
}

/** What a request asks of a model, read from its body. */
export interface Work<Body> {
  /** How much the model has to read, in bytes of text. */
  readonly promptBytes: (body: Body) => number
  /** The longest answer that is asked for, in tokens; null when that is left open. */
  readonly predictTokens: (body: Body) => number | null
}

/** What its limits leave to an admitted request. */
export interface Allowance {
  /** Most tokens of the answer; null when no limit on tokens applies. */
  readonly predictTokens: number | null
  /** How long a host may be busy with it; null when no limit on that applies. */
  readonly compute: ComputeBudget | null
  /** To be told what was used in the end. */
  readonly settle?: (used: Used) => void
}

export interface AllowanceEnv<Body> extends ModelEnv<Body> {
  Variables: ModelEnv<Body>['Variables'] & { allowance: Allowance }
}

const UNLIMITED: Allowance = { predictTokens: null, compute: null }

/**
 * Asks all limits of the request at once, and refuses with 429 when one of them has not enough left;
 * then nothing was consumed. What is admitted is reserved until its allowance is settled.
 */
export const tokenBucket = <Body>(
  { limiter, newId, log, answers, onDecision }: TokenBucketNeeds,
  { gateway, work }: { readonly gateway: string; readonly work: Work<Body> | null },
): MiddlewareHandler<AllowanceEnv<Body>> =>
  async function tokenBucket(c, next) {
    const { limits: all, username } = c.get('principal')
    const model = c.get('placement')?.model.canonical ?? null
    const limits = work ? coveringLimits(all, gateway, model) : []
    if (!work || limits.length === 0) {
      c.set('allowance', UNLIMITED)
      return await next()
    }
    const body = c.get('body')
    const promptTokens = reservePromptTokens(work.promptBytes(body))
    const asked = work.predictTokens(body) ?? answers.defaultTokens
    const demands = demandsOf(limits, {
      promptTokens,
      predictTokens: Math.min(asked, answers.maxTokens),
    })
    const before = performance.now()
    const decision = await limiter.admit({ id: newId(), limits, demands })
    onDecision?.(decision, (performance.now() - before) / 1000)
    if (!decision.reservation) throw limitReached(decision, demands)
    for (const { limit } of decision.states.filter(isOverShadow)) {
      log.info({ user: username, rule: limit.bucket, limit: limit.amount }, 'a limit would refuse')
    }
    c.set('allowance', allowanceOf(decision, promptTokens, limiter))
    await next()
    for (const [name, value] of Object.entries(limitHeaders(decision.states, decision.at))) {
      c.res.headers.set(name, value)
    }
  }

const isOverShadow = ({ limit, fitted }: LimitState): boolean => limit.shadow && !fitted

/** What is left is for all of the caller's requests; one that runs alone may have it all. */
const computeBudget = (
  decision: Decision,
  states: readonly LimitState[],
  granted: Amounts,
): ComputeBudget => ({
  ms: granted['compute-seconds'] + Math.min(...states.map((s) => roomIn(s.bucket, s.shape))),
  spent: (usedMs, at) => computeSpent(decision, usedMs, at),
})

function allowanceOf(decision: Decision, promptTokens: number, limiter: Limiter): Allowance {
  const { reservation, states } = decision
  if (!reservation) return UNLIMITED
  const { granted } = reservation
  const enforced = states.filter(({ limit }) => !limit.shadow)
  const onCompute = enforced.filter(({ limit }) => limit.unit === 'compute-seconds')
  const hasTokenLimit = enforced.some(({ limit }) => limit.unit === 'tokens')
  return {
    predictTokens: hasTokenLimit ? Math.max(1, granted.tokens - promptTokens) : null,
    compute: onCompute.length === 0 ? null : computeBudget(decision, onCompute, granted),
    settle: ({ requests, tokens, computeMs }) =>
      limiter.settle(reservation, {
        requests,
        tokens,
        'compute-seconds': computeMs,
        'concurrent-requests': 0,
      }),
  }
}
