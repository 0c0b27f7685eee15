import { createUsageSummaries } from '../../../app/services/usage-summaries.ts'
import { quantile } from '../statistics.ts'
import type { Figure } from './figure.ts'
import { type Extent, fillForDays } from './fill.ts'
import type { Store } from './stores.ts'

const ASKED_MS = { sqlite: 100, postgres: 50 } as const
const DAY_MS = 86_400_000
const WARM_UP = 3
const TIMES = 21

/** Fills the ledger, and says how long it takes to sum up all its days, as `usage summary` does. */
export async function measureSummary(store: Store, extent: Extent): Promise<Figure[]> {
  const { handle, kind } = store
  const began = performance.now()
  await fillForDays(handle, extent)
  const seconds = (performance.now() - began) / 1000
  const summaries = createUsageSummaries(handle)
  const from = extent.until - extent.days * DAY_MS
  const range = { from, until: extent.until, zone: 'UTC' }
  const times: number[] = []
  for (let i = 0; i < WARM_UP + TIMES; i++) {
    const started = performance.now()
    const { total } = await summaries.summary({ range })
    if (total.requests === 0) throw new Error('the summary is empty')
    if (i >= WARM_UP) times.push(performance.now() - started)
  }
  const asked = ASKED_MS[kind]
  return [
    {
      store: kind,
      name: `${extent.rows} rows made`,
      reached: `${seconds.toFixed(0)} s, ${(extent.rows / seconds).toFixed(0)} rows/s`,
    },
    {
      store: kind,
      name: `summary of ${extent.days} days`,
      asked: `p50 <= ${asked} ms`,
      reached: `p50 ${quantile(times, 0.5).toFixed(1)} ms, p95 ${quantile(times, 0.95).toFixed(1)} ms`,
      ok: quantile(times, 0.5) <= asked,
    },
  ]
}
