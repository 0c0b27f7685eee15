import type { Db } from '../../db/client.ts'
import { type GatewayActivity, gatewayActivity } from '../../db/queries/gateway-activity.ts'
import type { Clock } from '../domain/clock.ts'
import { GatewayError } from '../errors/gateway-error.ts'

const MINUTE_MS = 60_000
/** The longest time that is looked back: the ledger is read for it. */
export const MAX_MINUTES = 10_080

/**
 * Of how many requests the ledger is asked for one look at it: where it is embedded, everything else waits
 * meanwhile, some milliseconds for each ten thousand.
 */
const MOST_REQUESTS = 20_000

/** What went through a gateway in the last minutes. */
export interface GatewayMetrics {
  readonly gateway: string
  readonly minutes: number
  /** What time that is about, in seconds: less than those minutes where more went through than is read. */
  readonly seconds: number
  readonly requests: number
  /** Of these, how many we or a host failed. */
  readonly failed: number
  readonly requestsPerSecond: number
  readonly promptTokens: number
  readonly completionTokens: number
  /** In whole ms, over the requests that have one; null without any. */
  readonly meanFirstTokenMs: number | null
  readonly meanTotalMs: number | null
}

export interface GatewayMetricsNeeds {
  readonly db: Db
  readonly clock: Clock
}

/**
 * What has gone through each of these gateways in the last minutes, in their order; those through which
 * nothing went as well. Throws invalid for minutes that are not 1 to 10080.
 */
export async function gatewayMetrics(
  { db, clock }: GatewayMetricsNeeds,
  names: readonly string[],
  { minutes, most = MOST_REQUESTS }: { readonly minutes: number; readonly most?: number },
): Promise<GatewayMetrics[]> {
  if (!Number.isSafeInteger(minutes) || minutes < 1 || minutes > MAX_MINUTES) {
    throw new GatewayError(
      'invalid',
      `the minutes must be a whole number from 1 to ${MAX_MINUTES}, which is a week`,
    )
  }
  const now = clock.now()
  const rows = await gatewayActivity(db, now - minutes * MINUTE_MS, most)
  const read = rows.reduce((sum, { requests }) => sum + requests, 0)
  const first = Math.min(...rows.map(({ first_ended_at }) => first_ended_at))
  const seconds = read < most ? minutes * 60 : Math.max(1, Math.ceil((now - first) / 1000))
  return names.map((gateway) => ({
    gateway,
    minutes,
    seconds,
    ...toMetrics(
      seconds,
      rows.find((row) => row.gateway === gateway),
    ),
  }))
}

const toMetrics = (seconds: number, row: GatewayActivity | undefined) => ({
  requests: row?.requests ?? 0,
  failed: row?.failed ?? 0,
  requestsPerSecond: rounded((row?.requests ?? 0) / seconds),
  promptTokens: row?.prompt_tokens ?? 0,
  completionTokens: row?.completion_tokens ?? 0,
  meanFirstTokenMs: row ? mean(row.first_token_ms, row.first_tokens) : null,
  meanTotalMs: row ? mean(row.total_ms, row.requests) : null,
})

const mean = (sum: number, count: number): number | null =>
  count === 0 ? null : Math.round(sum / count)

/** To thousandths: more digits tell nobody anything. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000
