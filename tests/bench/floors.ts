import type { Metric, Samples } from './measure.ts'
import type { Verdict } from './scenarios/scenario.ts'
import { median, type Spread, spread } from './statistics.ts'

/** The most that a target may cost, as a multiple of the bare proxy. */
const FLOORS: { metric: Metric; of: string; what: string; most: number }[] = [
  { metric: 'cpuPerChunk', of: 'parallama', what: 'CPU per chunk', most: 1.8 },
  { metric: 'cpuPerChunk', of: 'openai', what: 'CPU per translated chunk (OpenAI)', most: 2.2 },
  {
    metric: 'cpuPerChunk',
    of: 'anthropic',
    what: 'CPU per translated chunk (Anthropic)',
    most: 2.2,
  },
  { metric: 'cpuPerRequest', of: 'parallama', what: 'CPU per request', most: 1.7 },
  {
    metric: 'cpuPerRequest',
    of: 'limits-memory',
    what: 'CPU per request with 8 rules in memory',
    most: 1.8,
  },
  {
    metric: 'cpuPerRequest',
    of: 'limits-redis',
    what: 'CPU per request with 8 rules on Redis',
    most: 2.1,
  },
]

/** How one target compares with another in a metric, the rounds paired. */
export type Ratio = { metric: Metric; of: string; over: string; spread: Spread }

/** Ratios of the CPU figures of every target over every target that comes before it. */
export function ratios(samples: Map<string, Samples>): Ratio[] {
  const metrics: Metric[] = [
    'cpuPerRequest',
    'cpuPerSparseRequest',
    'cpuPerChunk',
    'cpuPerLoneChunk',
  ]
  const proxies = [...samples.keys()].filter((name) => name !== 'direct')
  const pairs = proxies.flatMap((over, i) => proxies.slice(i + 1).map((of) => ({ of, over })))
  return pairs.flatMap(({ of, over }) =>
    metrics.map((metric) => {
      const below = samples.get(over)?.[metric] ?? []
      const above = samples.get(of)?.[metric] ?? []
      return { metric, of, over, spread: spread(above.map((cost, i) => cost / (below[i] ?? 0))) }
    }),
  )
}

/** The floors on CPU of what was measured beside the bare proxy. */
export function judgeRatios(all: Ratio[]): Verdict[] {
  return FLOORS.flatMap(({ metric, of, what, most }) => {
    const found = all.find(
      (ratio) => ratio.metric === metric && ratio.of === of && ratio.over === 'bare',
    )
    if (!found) return []
    const measured = `${found.spread.median.toFixed(2)} x`
    return [{ floor: `${what} <= ${most} x bare`, measured, pass: found.spread.median <= most }]
  })
}

/** Values of a target minus those of `direct` in the same rounds. */
export function added(values: number[], direct: number[] | undefined): number[] {
  return values.map((value, i) => value - (direct?.[i] ?? median(direct ?? [])))
}
