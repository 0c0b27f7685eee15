import { GatewayError } from '../errors/gateway-error.ts'
import { createFailureBudget, type FailureBudgetNeeds } from './failure-budget.ts'

/** A client that is well does it once in ten minutes; the tabs of a browser may do it all at once. */
const PER_MINUTE = 120
const WINDOW_MS = 60_000

/** Keeps one session from being refreshed without end. */
export interface RefreshBudget {
  /** Runs a refresh and counts it once it has succeeded: what strangers try costs nobody anything. */
  attempt<T>(sessionId: string | null, refresh: () => Promise<T>): Promise<T>
  close(): void
}

export function createRefreshBudget(
  needs: Pick<FailureBudgetNeeds, 'clock' | 'log' | 'store'>,
): RefreshBudget {
  const budget = createFailureBudget({ ...needs, limit: PER_MINUTE, windowMs: WINDOW_MS })
  return {
    async attempt(sessionId, refresh) {
      if (sessionId === null) return await refresh()
      if (budget.left(sessionId) <= 0) {
        const ms = budget.endsAt(sessionId) - needs.clock.now()
        throw new GatewayError(
          'too_many_failures',
          'this login is refreshed too often; use each access token until it expires',
          { headers: { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) } },
        )
      }
      const result = await refresh()
      await budget.spend(sessionId)
      return result
    },
    close: () => budget.close(),
  }
}
