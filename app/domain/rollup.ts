import type { UsageRecord } from './usage.ts'

/** Length of the time that one row of the rollup is about, in ms. */
export const HOUR_MS = 3_600_000

/** In place of a user and a key: the row is about all of them together. */
export const EVERYBODY = '*'

/** A host that took longer than this to load had not had the model, in ms; one that has it takes some hundredths of a second. */
export const COLD_LOAD_MS = 1000

/** Upper ends of the classes in which durations are counted, in ms; the last class has none. */
export const DURATION_BOUNDS: readonly number[] = [
  25, 40, 60, 100, 150, 250, 400, 600, 1000, 1500, 2500, 4000, 6000, 10_000, 15_000, 25_000, 40_000,
  60_000, 100_000, 150_000, 250_000, 400_000, 600_000,
]

/** Upper ends of the classes in which conversations are counted, in tokens; the last class has none. */
export const CONTEXT_BOUNDS: readonly number[] = [
  256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144,
]

const classes = <const Name extends string>(
  name: Name,
  bounds: readonly number[],
): `${Name}_${number}`[] =>
  Array.from({ length: bounds.length + 1 }, (_, i) => `${name}_${i}` as const)

/** How many of the completed answers took so long, of those with a first token until it, and how many conversations were so long. */
export const HISTOGRAMS = {
  duration: classes('duration', DURATION_BOUNDS),
  firstToken: classes('first_token', DURATION_BOUNDS),
  context: classes('context', CONTEXT_BOUNDS),
} as const

/** What is counted and summed up, beside the histograms. */
export const SUMS = [
  'requests',
  'completed',
  'cancelled',
  'failed',
  'expired',
  'estimated',
  'prompt_tokens',
  'completion_tokens',
  'queue_ms',
  'load_ms',
  'cold_loads',
  'cold_load_ms',
  'compute_ms',
] as const

export type Sum = (typeof SUMS)[number]
export type HistogramClass = (typeof HISTOGRAMS)[keyof typeof HISTOGRAMS][number]
export type Measure = Sum | HistogramClass

export const MEASURES: readonly Measure[] = [...SUMS, ...Object.values(HISTOGRAMS).flat()]

/** What a row of the rollup is about; '' for requests that named no model. */
export interface RollupKey {
  readonly user_id: string
  /** When the hour begins in which the requests arrived, in epoch ms. */
  readonly hour: number
  readonly gateway: string
  readonly model: string
  readonly key_id: string
}

export const ROLLUP_KEY = [
  'user_id',
  'hour',
  'gateway',
  'model',
  'key_id',
] as const satisfies readonly (keyof RollupKey)[]

export type Rollup = RollupKey & Record<Measure, number>

/**
 * What these requests add to the rollup: a row for each user, key, gateway, model and hour, and one for
 * everybody. In the order of the key, so that two who add at a time lock the rows in the same order.
 */
export function foldUsage(records: readonly UsageRecord[]): Rollup[] {
  const rollups = new Map<string, Rollup>()
  for (const record of records) {
    const hour = Math.floor(record.startedAt / HOUR_MS) * HOUR_MS
    const of = { hour, gateway: record.gateway, model: record.model ?? '' }
    count(rollups, { user_id: record.userId, key_id: record.keyId, ...of }, record)
    count(rollups, { user_id: EVERYBODY, key_id: EVERYBODY, ...of }, record)
  }
  return [...rollups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rollup]) => rollup)
}

const NOTHING = Object.fromEntries(MEASURES.map((measure) => [measure, 0])) as Record<
  Measure,
  number
>

function count(rollups: Map<string, Rollup>, key: RollupKey, record: UsageRecord): void {
  const id = ROLLUP_KEY.map((column) => key[column]).join('\0')
  let rollup = rollups.get(id)
  if (!rollup) {
    rollup = { ...key, ...NOTHING }
    rollups.set(id, rollup)
  }
  const tokens = record.promptTokens + record.completionTokens
  const isCold = record.loadMs >= COLD_LOAD_MS
  rollup.requests++
  rollup[record.outcome]++
  rollup.estimated += Number(record.estimated)
  rollup.prompt_tokens += record.promptTokens
  rollup.completion_tokens += record.completionTokens
  rollup.queue_ms += record.queueMs
  rollup.load_ms += record.loadMs
  rollup.cold_loads += Number(isCold)
  rollup.cold_load_ms += isCold ? record.loadMs : 0
  rollup.compute_ms += record.computeMs
  if (tokens === 0) return
  rise(rollup, `context_${classOf(tokens, CONTEXT_BOUNDS)}`)
  if (record.outcome === 'completed')
    rise(rollup, `duration_${classOf(record.totalMs, DURATION_BOUNDS)}`)
  if (record.firstTokenMs !== null && record.completionTokens > 0)
    rise(rollup, `first_token_${classOf(record.firstTokenMs, DURATION_BOUNDS)}`)
}

function rise(rollup: Rollup, name: HistogramClass): void {
  rollup[name] = (rollup[name] ?? 0) + 1
}

function classOf(value: number, bounds: readonly number[]): number {
  let i = 0
  while (i < bounds.length && value > (bounds[i] as number)) i++
  return i
}

/**
 * The value below which that share (0 to 1) of what was counted lies: as if each class were filled evenly,
 * so it is right to within its class. Null when nothing was counted; of the last class its lower end.
 */
export function quantile(
  counts: readonly number[],
  bounds: readonly number[],
  share: number,
): number | null {
  const total = counts.reduce((sum, n) => sum + n, 0)
  if (total === 0) return null
  let rest = share * total
  for (const [i, n] of counts.entries()) {
    const lower = bounds[i - 1] ?? 0
    const upper = bounds[i] ?? lower
    if (n > 0 && rest <= n) return Math.round(lower + (upper - lower) * (rest / n))
    rest -= n
  }
  return bounds.at(-1) ?? null
}
