import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Limit } from '../domain/limit.ts'

/** As much of a limiter's decision as is counted. */
export interface Decided {
  /** Null for a refused request. */
  readonly reservation: object | null
  readonly states: readonly {
    readonly limit: Pick<Limit, 'unit' | 'window' | 'scope' | 'shadow'>
    readonly fitted: boolean
  }[]
}

const MODES = ['exact', 'local'] as const

/** What is read from a limiter whenever the metrics are asked for. */
export interface WatchedLimiter {
  /** Whether limits are exact over all replicas, or each holds its share. */
  readonly mode: () => (typeof MODES)[number]
  /** How many ended requests the store has not been told the use of. */
  readonly owedSettlements: () => number
}

/** What is counted about limits. No label names a user, a key, a role or a model. */
export interface LimitMetrics {
  /**
   * Counts a decision, and how many seconds the store took for it: an admitted request once, and each
   * limit that refused one. A shadow that would have refused counts when nothing else did, as it
   * does in its own bucket.
   */
  decided(decision: Decided, seconds: number): void
  /** Reads from this limiter from now on; before, limits are exact and nothing is owed. */
  watch(limiter: WatchedLimiter): void
  /** Counts a request that was refused for the failed attempts of its address. */
  shieldBlocked(): void
}

/** Registers the family of limits; once for each registry. */
export function createLimitMetrics(registry: Registry): LimitMetrics {
  const registers = [registry]
  let watched: WatchedLimiter = { mode: () => 'exact', owedSettlements: () => 0 }
  new Gauge({
    name: 'parallama_limiter_mode',
    help: '1 for the mode that limits are in: exact over all replicas, or local shares of them',
    labelNames: ['mode'],
    registers,
    collect() {
      const current = watched.mode()
      for (const mode of MODES) this.set({ mode }, mode === current ? 1 : 0)
    },
  })
  const decisions = new Counter({
    name: 'parallama_limit_decisions_total',
    help: 'Requests admitted by their limits, and limits that refused one or, as shadows, would have',
    labelNames: ['decision', 'unit', 'window', 'scope'],
    registers,
  })
  const storeSeconds = new Histogram({
    name: 'parallama_limiter_store_seconds',
    help: 'How long the store of limits took to decide about a request',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
    registers,
  })
  new Gauge({
    name: 'parallama_limiter_owed_settlements',
    help: 'Ended requests whose use the store of limits has not been told yet',
    registers,
    collect() {
      this.set(watched.owedSettlements())
    },
  })
  const blocked = new Counter({
    name: 'parallama_shield_blocked_total',
    help: 'Requests refused for the failed attempts of their address',
    registers,
  })

  // A counter that appears with its first value has no increase to be seen.
  decisions.inc({ decision: 'admitted' }, 0)

  return {
    decided({ reservation, states }, seconds) {
      storeSeconds.observe(seconds)
      if (reservation) decisions.inc({ decision: 'admitted' })
      const decision = reservation ? 'would_refuse' : 'refused'
      for (const { limit, fitted } of states) {
        if (fitted || limit.shadow !== (reservation !== null)) continue
        const { unit, window, scope } = limit
        decisions.inc({ decision, unit, window, scope })
      }
    },
    watch: (limiter) => {
      watched = limiter
    },
    shieldBlocked: () => blocked.inc(),
  }
}
