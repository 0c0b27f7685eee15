import type { Db } from '../../db/client.ts'
import { createBounded } from '../../db/deadline.ts'
import type { Clock } from '../domain/clock.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { type GatewayMetrics, gatewayMetrics } from './gateway-metrics.ts'

/** How long what was found is told again without asking, in ms. */
const FRESH_MS = 1000
/** How long the database may take to tell, in ms. */
const READ_TIMEOUT_MS = 2000

/** Anybody may ask, each second: what is read then must not be noticed by others. */
const MOST_REQUESTS = 2000

export interface RecentActivityNeeds {
  readonly db: Db
  readonly clock: Clock
  /** Of all gateways. */
  readonly names: readonly string[]
  readonly timeoutMs?: number
}

/**
 * What went through each gateway in the last minute, in their order and of all replicas together, as of at
 * most a second ago. Rejects with database_unavailable when it can't be told in time.
 */
export type RecentActivity = () => Promise<readonly GatewayMetrics[]>

/**
 * Asks the database once a second at most, however many want to know, and never while it still owes an
 * answer; a failure is told as long as a success.
 */
export function createRecentActivity(needs: RecentActivityNeeds): RecentActivity {
  const { clock, names, timeoutMs = READ_TIMEOUT_MS } = needs
  const bounded = createBounded(timeoutMs, 1)
  let known: { readonly found: Promise<GatewayMetrics[]>; endsAt: number } | null = null

  const read = (): Promise<GatewayMetrics[]> =>
    bounded(() => gatewayMetrics(needs, names, { minutes: 1, most: MOST_REQUESTS })).catch(
      (cause: unknown) => {
        throw new GatewayError(
          'database_unavailable',
          'what went through the gateways cannot be looked up at the moment; try again',
          { cause, headers: { 'retry-after': '2' } },
        )
      },
    )

  return () => {
    if (known && clock.now() < known.endsAt) return known.found
    const mine = { found: read(), endsAt: Number.POSITIVE_INFINITY }
    const keep = (): void => {
      mine.endsAt = clock.now() + FRESH_MS
    }
    mine.found.then(keep, keep)
    known = mine
    return mine.found
  }
}
