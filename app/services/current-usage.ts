import type { Db } from '../../db/client.ts'
import { usageSums } from '../../db/queries/usage-sums.ts'
import type { Clock } from '../domain/clock.ts'
import { EVERYBODY, HOUR_MS } from '../domain/rollup.ts'
import type { LimitStatus } from './limit-status.ts'
import type { LimitReport } from './limits.ts'
import { requireUserEver } from './usage-filter.ts'

const DAY_MS = 24 * HOUR_MS
const ALL = '*'
const COUNTED = ['requests', 'prompt_tokens', 'completion_tokens'] as const

export interface CurrentUsageNeeds {
  readonly db: Db
  readonly clock: Clock
  readonly gateways: readonly string[]
  /** The limits of a user, with what is left of them. */
  readonly limitsOf: (subject: { readonly user: string }) => Promise<LimitReport>
}

/** What went through a gateway in a time, and what is left of the limits on it; null without a limit. */
export interface WindowUsage {
  readonly totalTokens: number
  readonly totalRequests: number
  readonly remainingTokens: number | null
  readonly remainingRequests: number | null
}

export interface GatewayUsage {
  readonly gateway: string
  /** The day of UTC. */
  readonly today: WindowUsage
  readonly currentHour: WindowUsage
}

/**
 * What a user, or everybody, has used today and in this hour through each gateway. What remains is that of
 * the tightest limit per day or hour that holds for all models; nobody has everybody's limits. Throws
 * not_found for nobody's name.
 */
export function createCurrentUsage({ db, clock, gateways, limitsOf }: CurrentUsageNeeds) {
  return async (username?: string): Promise<GatewayUsage[]> => {
    const user = username === undefined ? undefined : await requireUserEver(db, username)
    const limits = user?.deleted_at === null ? (await limitsOf({ user: user.username })).limits : []
    const userId = user?.id ?? EVERYBODY
    const now = clock.now()
    const since = (ms: number) =>
      usageSums(db, { userId, from: now - (now % ms), until: now + 1, offsets: [] }, COUNTED)
    const [today, hour] = await Promise.all([since(DAY_MS), since(HOUR_MS)])
    return gateways.map((gateway) => {
      const windowOf = (window: 'day' | 'hour', rows: typeof today): WindowUsage => ({
        totalTokens: sum(rows, gateway, (row) => row.prompt_tokens + row.completion_tokens),
        totalRequests: sum(rows, gateway, (row) => row.requests),
        remainingTokens: tightest(limits, { gateway, window, unit: 'tokens' }),
        remainingRequests: tightest(limits, { gateway, window, unit: 'requests' }),
      })
      return { gateway, today: windowOf('day', today), currentHour: windowOf('hour', hour) }
    })
  }
}

const sum = <Row extends { readonly gateway: string | null }>(
  rows: readonly Row[],
  gateway: string,
  count: (row: Row) => number,
): number => rows.reduce((total, row) => total + (row.gateway === gateway ? count(row) : 0), 0)

function tightest(
  limits: readonly LimitStatus[],
  { gateway, window, unit }: Pick<LimitStatus, 'gateway' | 'window' | 'unit'>,
): number | null {
  const left = limits
    .filter((limit) => limit.unit === unit && limit.window === window && !limit.shadow)
    .filter((limit) => limit.model === ALL && [gateway, ALL].includes(limit.gateway))
    .flatMap(({ remaining }) => remaining ?? [])
  return left.length === 0 ? null : Math.min(...left)
}
