import { added, type Ratio } from './floors.ts'
import type { Metric, Samples } from './measure.ts'
import type { Verdict } from './scenarios/scenario.ts'
import { type Spread, spread } from './statistics.ts'

type Row = { metric: Metric; label: string; digits: number; overDirect?: boolean }

const ROWS: Row[] = [
  { metric: 'cpuPerRequest', label: 'CPU per request, us', digits: 0 },
  { metric: 'cpuPerSparseRequest', label: 'CPU per sparse request, us', digits: 0 },
  { metric: 'cpuPerChunk', label: 'CPU per chunk, in step, us', digits: 1 },
  { metric: 'cpuPerLoneChunk', label: 'CPU per chunk, apart, us', digits: 1 },
  { metric: 'latencyP50', label: 'added latency p50, ms', digits: 2, overDirect: true },
  { metric: 'latencyP99', label: 'added latency p99, ms', digits: 2, overDirect: true },
  { metric: 'firstTokenP50', label: 'added first token p50, ms', digits: 2, overDirect: true },
  { metric: 'firstTokenP99', label: 'added first token p99, ms', digits: 2, overDirect: true },
  { metric: 'resident', label: 'memory, MB', digits: 0 },
  { metric: 'redisCpuPerRequest', label: 'Redis CPU per request, us', digits: 0 },
  { metric: 'redisScriptsPerRequest', label: 'Redis scripts per request', digits: 2 },
  { metric: 'redisPerScript', label: 'Redis time per script, us', digits: 1 },
]

const LABEL_WIDTH = 30
const CELL_WIDTH = 22

/** How the figures are made, for whoever reads the table. */
export const METHOD = `median (least - greatest) of the rounds; targets take turns within each phase of a round
CPU: run time of all threads, minus what the target uses when idle
  per request: 800 small unstreamed requests a second; sparse: 300; window / requests
  per chunk: 20 streams of 256 records, 4 ms apart, counted while no request starts or ends
    in step: all streams on one beat, as slots of one runner decode (the floor is on this one)
    apart: each stream on its own beat, so that most chunks wake the process for themselves
latency and first token: from the intended time of sending, minus the direct path's, per round
Redis: run time of all its threads for a small request; scripts by its own clock (commandstats)
  one script lets a request in, the other is told what it used; it is not waited for
openai and anthropic are that same parallama and upstream in their words: an event is a chunk
bare and nginx pass bytes on; parallama checks keys, rights and bodies, and keeps the usage;
limits-memory and limits-redis are parallama with eight rules that apply to each request`

/** The table of all targets. Latencies are shown as what a target adds to the direct path. */
export function renderTable(samples: Map<string, Samples>): string {
  const proxies = [...samples].filter(([name]) => name !== 'direct')
  const direct = samples.get('direct')
  const head = line('', ['direct', ...proxies.map(([name]) => name)])
  const rows = ROWS.map(({ metric, label, digits, overDirect }) => {
    const base = direct?.[metric] ?? []
    const first = overDirect ? `(${cell(spread(base), digits)})` : ''
    const cells = proxies.map(([, own]) =>
      cell(spread(overDirect ? added(own[metric], base) : own[metric]), digits),
    )
    return line(label, [first, ...cells])
  })
  return [head, ...rows].join('\n')
}

/** One line per pair of targets and CPU figure. */
export function renderRatios(all: Ratio[]): string {
  const label = (metric: Metric) => ROWS.find((row) => row.metric === metric)?.label ?? metric
  return all
    .map(({ metric, of, over, spread: range }) => {
      const name = label(metric).replace(', us', '')
      return `${`${of} / ${over}`.padEnd(LABEL_WIDTH)}${name.padEnd(LABEL_WIDTH)}${cell(range, 2)}`
    })
    .join('\n')
}

/** PASS or FAIL, one floor a line. */
export function renderVerdicts(verdicts: Verdict[]): string {
  return verdicts
    .map(({ floor, measured, pass }) => `${pass ? 'PASS' : 'FAIL'}  ${floor.padEnd(56)}${measured}`)
    .join('\n')
}

function line(label: string, cells: string[]): string {
  return (
    label.padEnd(LABEL_WIDTH) + cells.map((text) => text.padEnd(CELL_WIDTH)).join('')
  ).trimEnd()
}

function cell({ median, min, max }: Spread, digits: number): string {
  if (Number.isNaN(median)) return '-'
  return `${median.toFixed(digits)} (${min.toFixed(digits)} - ${max.toFixed(digits)})`
}
