import type { MiddlewareHandler } from 'hono'
import { coveringLimits, type Limit } from '../domain/limit.ts'
import { leastPromptTokens, reservePromptTokens } from '../domain/usage.ts'
import { type ComputeBudget, createComputeBudget } from '../limits/compute-budget.ts'
import { demandsOf } from '../limits/demands.ts'
import { limitHeaders } from '../limits/headers.ts'
import type { Decision, Limiter, LimitState } from '../limits/limiter.ts'
import { limitReached, promptTooLong } from '../limits/refusal.ts'
import type { Log } from '../log.ts'
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
  /** The newest revision that the limiter was told of; missing when it was not asked. */
  readonly revision?: number | undefined
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
  needs: TokenBucketNeeds,
  { gateway, work }: { readonly gateway: string; readonly work: Work<Body> | null },
): MiddlewareHandler<AllowanceEnv<Body>> => {
  const { limiter, newId, log, answers, onDecision } = needs
  return async function tokenBucket(c, next) {
    const { limits: all, username } = c.get('principal')
    const model = c.get('placement')?.model.canonical ?? null
    const limits = work ? coveringLimits(all, gateway, model) : []
    if (!work || limits.length === 0) {
      c.set('allowance', UNLIMITED)
      return await next()
    }
    const body = c.get('body')
    const promptBytes = work.promptBytes(body)
    const promptTokens = reservePromptTokens(promptBytes)
    refuseTooLong(limits, leastPromptTokens(promptBytes))
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
    c.set('allowance', allowanceOf(needs, decision, promptTokens))
    await next()
    for (const [name, value] of Object.entries(limitHeaders(decision.states, decision.at))) {
      c.res.headers.set(name, value)
    }
  }
}

/** It would be let in once the limit is unused, and then owe it for windows to come. */
function refuseTooLong(limits: readonly Limit[], promptTokens: number): void {
  const exceeded = limits.find(
    ({ unit, shadow, amount }) => unit === 'tokens' && !shadow && promptTokens > amount,
  )
  if (exceeded) throw promptTooLong(exceeded, promptTokens)
}

const isOverShadow = ({ limit, fitted }: LimitState): boolean => limit.shadow && !fitted

function allowanceOf(needs: TokenBucketNeeds, decision: Decision, promptTokens: number): Allowance {
  const { limiter } = needs
  const { reservation, states } = decision
  if (!reservation) return UNLIMITED
  const compute = createComputeBudget(needs, decision, reservation)
  const hasTokenLimit = states.some(({ limit }) => limit.unit === 'tokens' && !limit.shadow)
  return {
    predictTokens: hasTokenLimit ? Math.max(1, reservation.granted.tokens - promptTokens) : null,
    compute,
    revision: decision.revision,
    settle({ requests, tokens, computeMs }) {
      limiter.settle(reservation, {
        requests,
        tokens,
        'compute-seconds': computeMs,
        'concurrent-requests': 0,
      })
      compute?.release()
    },
  }
}
