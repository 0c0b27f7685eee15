import { dateOf } from './local-days.ts'
import { DURATION_BOUNDS, HISTOGRAMS, quantile, type Sum } from './rollup.ts'

const COUNTED = [
  ...(['requests', 'completed', 'cancelled', 'failed', 'expired'] as const),
  ...(['prompt_tokens', 'completion_tokens', 'compute_ms', 'queue_ms'] as const),
  ...(['cold_loads', 'cold_load_ms'] as const),
] as const satisfies readonly Sum[]

/** What a summary is made of: each measure more takes its time. */
export const SUMMED = [...COUNTED, ...HISTOGRAMS.duration, ...HISTOGRAMS.firstToken] as const

/** The sums of one gateway and one model, or, where these are null, of one day. */
export type SummedRow = {
  readonly day: number | null
  readonly gateway: string | null
  readonly model: string | null
} & Readonly<Record<(typeof SUMMED)[number], number>>

/** What requests did together; times in ms. */
export interface UsageTotals {
  readonly requests: number
  readonly completed: number
  readonly cancelled: number
  readonly failed: number
  readonly expired: number
  /** The share of the completed, 0 to 1; null when there were none. */
  readonly successRate: number | null
  readonly promptTokens: number
  readonly completionTokens: number
  readonly computeMs: number
  readonly queueMs: number
  /** How often a model had to be loaded first, and how long that took in all. */
  readonly coldLoads: number
  readonly coldLoadMs: number
  /** Of the completed answers, until their end; to within a class of the histogram. */
  readonly durationMs: Quantiles
  readonly firstTokenMs: Quantiles
}

export interface Quantiles {
  readonly p50: number | null
  readonly p95: number | null
}

/** The whole, and its parts by gateway and model, the busiest first, and by day; a day without requests is there too. */
export interface UsageBreakdown {
  readonly total: UsageTotals
  readonly gateways: readonly (UsageTotals & { readonly gateway: string })[]
  /** Null for requests that named no model. */
  readonly models: readonly (UsageTotals & { readonly model: string | null })[]
  readonly days: readonly (UsageTotals & { readonly date: string })[]
}

type Counts = Record<string, number>

/** Folds the rows; the days are all from `firstDay` to `lastDay`. */
export function breakDown(
  rows: readonly SummedRow[],
  firstDay: number,
  lastDay: number,
): UsageBreakdown {
  const total = nothing()
  const gateways = new Map<string, Counts>()
  const models = new Map<string, Counts>()
  const days = new Map<number, Counts>()
  for (let day = firstDay; day <= lastDay; day++) days.set(day, nothing())
  for (const row of rows) {
    // The hour in which a day begins can be one of the day before, where clocks are half an hour off.
    const groups =
      row.day === null
        ? [total, at(gateways, row.gateway ?? ''), at(models, row.model ?? '')]
        : [at(days, Math.min(Math.max(row.day, firstDay), lastDay))]
    for (const name of SUMMED) {
      const value = row[name]
      if (!value) continue
      for (const group of groups) group[name] = (group[name] ?? 0) + value
    }
  }
  return {
    total: totalsOf(total),
    gateways: busiest(gateways).map(([gateway, counts]) => ({ gateway, ...totalsOf(counts) })),
    models: busiest(models).map(([model, counts]) => ({
      model: model || null,
      ...totalsOf(counts),
    })),
    days: [...days].map(([day, counts]) => ({ date: dateOf(day), ...totalsOf(counts) })),
  }
}

const nothing = (): Counts => Object.fromEntries(SUMMED.map((name) => [name, 0]))

function at<Key>(groups: Map<Key, Counts>, key: Key): Counts {
  let counts = groups.get(key)
  if (!counts) {
    counts = nothing()
    groups.set(key, counts)
  }
  return counts
}

const busiest = (groups: ReadonlyMap<string, Counts>): [string, Counts][] =>
  [...groups].sort(
    ([a, { requests }], [b, other]) => (other.requests ?? 0) - (requests ?? 0) || (a < b ? -1 : 1),
  )

function totalsOf(counts: Counts): UsageTotals {
  const of = (name: (typeof COUNTED)[number]): number => counts[name] ?? 0
  const requests = of('requests')
  return {
    requests,
    completed: of('completed'),
    cancelled: of('cancelled'),
    failed: of('failed'),
    expired: of('expired'),
    successRate: requests === 0 ? null : of('completed') / requests,
    promptTokens: of('prompt_tokens'),
    completionTokens: of('completion_tokens'),
    computeMs: of('compute_ms'),
    queueMs: of('queue_ms'),
    coldLoads: of('cold_loads'),
    coldLoadMs: of('cold_load_ms'),
    durationMs: quantiles(HISTOGRAMS.duration.map((name) => counts[name] ?? 0)),
    firstTokenMs: quantiles(HISTOGRAMS.firstToken.map((name) => counts[name] ?? 0)),
  }
}

const quantiles = (classes: readonly number[]): Quantiles => ({
  p50: quantile(classes, DURATION_BOUNDS, 0.5),
  p95: quantile(classes, DURATION_BOUNDS, 0.95),
})
