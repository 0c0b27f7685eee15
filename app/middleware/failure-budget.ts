import type { ClientRateLimitInfo } from 'hono-rate-limiter'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../log.ts'
import { type FailureStore, memoryFailureStore } from './failure-store.ts'

const MAX_ADDRESSES = 10_000

export interface FailureBudgetNeeds {
  /** How many failures an address may have in a window. */
  readonly limit: number
  /** How long a window is, in ms. */
  readonly windowMs: number
  readonly clock: Clock
  readonly log: Log
  /** Where all replicas count together, if there is more than this one. */
  readonly store?: FailureStore | null
}

/** What each address has left, as far as this process knows: asking costs no round trip. */
export interface FailureBudget {
  left(address: string): number
  /** When the address gets a new budget, in epoch ms. */
  endsAt(address: string): number
  /**
   * Counts a failure: here at once, and with the other replicas by the time it resolves. Never
   * rejects: without the store it is the failures here that count.
   */
  spend(address: string): Promise<void>
  close(): void
}

interface Tally {
  readonly failures: number
  readonly endsAt: number
}

/** Budgets of 10,000 addresses at most: who failed longest ago is forgotten. */
export function createFailureBudget(needs: FailureBudgetNeeds): FailureBudget {
  const { limit, windowMs, clock, log, store = null } = needs
  const memory = memoryFailureStore(MAX_ADDRESSES)
  for (const each of [memory, store]) {
    // Of the options of the library's middleware its stores read only this one.
    each?.init?.({ windowMs } as Parameters<typeof memory.init>[0])
  }
  const tallies = new Map<string, Tally>()
  let isStoreGone = false

  const current = (address: string): Tally => {
    const tally = tallies.get(address)
    return tally && clock.now() < tally.endsAt ? tally : { failures: 0, endsAt: clock.now() }
  }

  return {
    left: (address) => limit - current(address).failures,
    endsAt: (address) => current(address).endsAt,
    async spend(address) {
      learn(address, memory.increment(address))
      if (!store) return
      try {
        learn(address, await store.increment(address))
        isStoreGone = false
      } catch (err) {
        if (!isStoreGone)
          log.warn({ err }, 'failed authentications are counted by this process alone')
        isStoreGone = true
      }
    },
    close: () => memory.close(),
  }

  /** The windows here and in the store begin and end at different times: the worse count holds. */
  function learn(address: string, { totalHits, resetTime }: ClientRateLimitInfo): void {
    const known = current(address)
    const endsAt = resetTime?.getTime() ?? clock.now() + windowMs
    if (totalHits < known.failures) return
    if (totalHits === known.failures && endsAt <= known.endsAt) return
    tallies.delete(address)
    tallies.set(address, { failures: totalHits, endsAt })
    const [oldest] = tallies.size > MAX_ADDRESSES ? tallies.keys() : []
    if (oldest !== undefined) tallies.delete(oldest)
    if (known.failures >= limit || totalHits < limit) return
    log.warn({ address, failures: totalHits }, 'address has failed to authenticate too often')
  }
}
