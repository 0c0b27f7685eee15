import type { Db } from '../../db/client.ts'
import { type UsageByHour, usageByHour } from '../../db/queries/usage-by-hour.ts'
import type { Clock } from '../domain/clock.ts'
import { HISTOGRAMS, HOUR_MS } from '../domain/rollup.ts'
import { type Advice, adviceOn, type ModelHour } from '../domain/usage-advice.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** By how many days advice is given when nobody says, and at most. */
export const ADVICE_DAYS = 30
export const MAX_ADVICE_DAYS = 365

export interface UsageAdviceNeeds {
  readonly db: Db
  readonly clock: Clock
  readonly hosts: number
  readonly maxContextTokens: number
  /** The models on all hosts, or null when that can't be told. */
  readonly installedModels: () => Promise<readonly string[] | null>
}

/** What the hourly sums of the last days say should be done. Throws invalid for days that are not 1 to 365. */
export async function usageAdvice(needs: UsageAdviceNeeds, days: number): Promise<Advice> {
  if (!Number.isSafeInteger(days) || days < 1 || days > MAX_ADVICE_DAYS) {
    throw new GatewayError(
      'invalid',
      `the days must be a whole number from 1 to ${MAX_ADVICE_DAYS}`,
    )
  }
  const { db, clock, hosts, maxContextTokens } = needs
  const now = clock.now()
  const [rows, installed] = await Promise.all([
    usageByHour(db, now - days * 24 * HOUR_MS, HISTOGRAMS.context),
    needs.installedModels(),
  ])
  return adviceOn({ rows: rows.map(toHour), now, hosts, maxContextTokens, installed })
}

const toHour = (row: UsageByHour): ModelHour => ({
  hour: row.hour,
  model: row.model,
  requests: row.requests,
  coldLoads: row.cold_loads,
  coldLoadMs: row.cold_load_ms,
  computeMs: row.compute_ms,
  queueMs: row.queue_ms,
  contexts: HISTOGRAMS.context.map((name) => row[name] ?? 0),
})
