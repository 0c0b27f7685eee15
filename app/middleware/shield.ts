import type { ErrorCode } from '../errors/codes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { createFailureBudget, type FailureBudgetNeeds } from './failure-budget.ts'

const MAX_WAITING = 1000

export interface ShieldNeeds extends FailureBudgetNeeds {
  /** So many attempts of one address wait at most for those before them to be decided. */
  readonly maxWaiting?: number
  /** What counts as a failure. */
  readonly failures?: ReadonlySet<ErrorCode>
  /** What is said to who has failed too often. */
  readonly refusal?: string
  /** Told of each request that is refused for what its address did before. */
  readonly onBlocked?: () => void
}

/** Keeps strangers from trying keys without end. */
export interface Shield {
  /**
   * Runs an attempt to authenticate and counts it against the address when it fails. Throws 429
   * instead when the address has failed too often, unless `isKnown` says that its key was good a
   * moment ago: nobody is locked out by what others at their address do. A null address is free.
   */
  attempt<T>(
    address: string | null,
    isKnown: () => boolean,
    authenticate: () => Promise<T>,
  ): Promise<T>
  /** Lets go of the timer that forgets old counts. */
  close(): void
}

interface Visit {
  running: number
  readonly waiting: (() => void)[]
}

/**
 * Makes a shield. Of the library only the stores are used: its middleware would count every request
 * on the way in and take the good ones back on the way out, which are two round trips for those who
 * have done nothing wrong, and it would count when the answer begins instead of when the key is
 * looked up.
 */
export function createShield(needs: ShieldNeeds): Shield {
  const { failures = NO_GOOD_KEY, refusal = TOO_MANY_FAILURES, maxWaiting = MAX_WAITING } = needs
  const budget = createFailureBudget(needs)
  const visits = new Map<string, Visit>()

  return {
    async attempt(address, isKnown, authenticate) {
      if (address === null) return await authenticate()
      const isCounted = await enter(address, isKnown)
      let spent: Promise<void> | null = null
      try {
        return await authenticate()
      } catch (err) {
        if (err instanceof GatewayError && failures.has(err.code)) spent = budget.spend(address)
        throw err
      } finally {
        if (isCounted) leave(address)
        await spent
      }
    },
    close: () => budget.close(),
  }

  /**
   * Attempts that are under way may all fail: no more are let in than the budget has left, however
   * many come at once. The others wait, since they may just as well be good. Resolves with whether
   * the attempt has taken such a place.
   */
  async function enter(address: string, isKnown: () => boolean): Promise<boolean> {
    for (;;) {
      const visit = visits.get(address) ?? { running: 0, waiting: [] }
      const left = budget.left(address)
      if (visit.running < left) {
        visit.running++
        visits.set(address, visit)
        return true
      }
      if (isKnown()) return false
      if (left <= 0) {
        needs.onBlocked?.()
        throw tooManyFailures(refusal, budget.endsAt(address) - needs.clock.now())
      }
      if (visit.waiting.length >= maxWaiting) throw tooManyAtOnce()
      await new Promise<void>((resolve) => visit.waiting.push(resolve))
    }
  }

  function leave(address: string): void {
    const visit = visits.get(address)
    if (!visit) return
    visit.running--
    const left = budget.left(address)
    const free = left > 0 ? Math.max(0, left - visit.running) : visit.waiting.length
    for (const wake of visit.waiting.splice(0, free)) wake()
    if (visit.running === 0 && visit.waiting.length === 0) visits.delete(address)
  }
}

const NO_GOOD_KEY: ReadonlySet<ErrorCode> = new Set(['unauthorized'])
const TOO_MANY_FAILURES =
  'too many requests without a valid API key have come from your address; check your key, and try again later'

const tooManyFailures = (refusal: string, ms: number): GatewayError =>
  new GatewayError('too_many_failures', refusal, {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) },
  })

const tooManyAtOnce = (): GatewayError =>
  new GatewayError('busy', 'too many attempts from your address wait to be decided; try again', {
    headers: { 'retry-after': '1' },
  })
