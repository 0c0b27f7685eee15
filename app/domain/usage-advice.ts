import { CONTEXT_BOUNDS, HOUR_MS, quantile } from './rollup.ts'

/** What everybody did with one model in one hour. */
export interface ModelHour {
  readonly hour: number
  /** '' for requests that named no model. */
  readonly model: string
  readonly requests: number
  readonly coldLoads: number
  readonly coldLoadMs: number
  readonly computeMs: number
  readonly queueMs: number
  /** How many conversations were so long, by the classes of CONTEXT_BOUNDS. */
  readonly contexts: readonly number[]
}

export interface AdviceNeeds {
  readonly rows: readonly ModelHour[]
  readonly now: number
  /** How many hosts there are. */
  readonly hosts: number
  /** The largest context that callers can ask for; 0 when that is left to Ollama. */
  readonly maxContextTokens: number
  /** The models on the hosts; null when that can't be told. */
  readonly installed: readonly string[] | null
}

/** One thing to do, and the numbers behind it. */
export interface Recommendation {
  readonly kind: 'pin' | 'slots' | 'context' | 'remove'
  /** Null for what is about no model. */
  readonly model: string | null
  readonly advice: string
  readonly why: string
  readonly numbers: Readonly<Record<string, number>>
}

export interface Advice {
  /** How many days there are sums of, up to now. */
  readonly days: number
  readonly requests: number
  /** Why nothing is recommended; null when there is enough to go by. */
  readonly tooLittle: string | null
  readonly recommendations: readonly Recommendation[]
}

const DAY_HOURS = 24
/** With less than this, chance would speak. */
const LEAST_DAYS = 3
const LEAST_REQUESTS = 100
const LEAST_CONVERSATIONS = 50
/** From when on loading is worth a model's place in memory. */
const PIN_LOADS = 5
const PIN_MINUTES_A_DAY = 1
/** A host whose slot is busy for more of an hour makes people wait. */
const BUSY_SHARE = 0.8
const GOOD_SHARE = 0.7
const LONG_QUEUE_MS = 5000
const LEAST_CONTEXT = 2048
/** A model that is asked less often than once in so many days is hardly used. */
const RARE_DAYS = 7

/** What the hourly sums say should be done, most valuable first within each kind. */
export function adviceOn(needs: AdviceNeeds): Advice {
  const { rows, now } = needs
  const first = Math.min(...rows.map(({ hour }) => hour))
  const hours = rows.length === 0 ? 0 : Math.max(1, Math.ceil((now - first) / HOUR_MS))
  const days = round(hours / DAY_HOURS, 1)
  const requests = sum(rows, ({ requests }) => requests)
  const tooLittle = whyTooLittle(days, requests)
  if (tooLittle) return { days, requests, tooLittle, recommendations: [] }
  const models = [...Map.groupBy(rows, ({ model }) => model)].filter(([model]) => model !== '')
  const recommendations = [
    ...models.flatMap(([model, rows]) => pin(model, rows, hours)).sort(by('loadMinutesPerDay')),
    slots(needs, hours),
    ...models.flatMap(([model, rows]) => context(model, rows, needs)).sort(by('p99')),
    ...unused(models, needs.installed, days),
  ]
  return { days, requests, tooLittle, recommendations }
}

function whyTooLittle(days: number, requests: number): string | null {
  if (days >= LEAST_DAYS && requests >= LEAST_REQUESTS) return null
  return `There are sums of ${days} days with ${requests} requests; it takes ${LEAST_DAYS} days and ${LEAST_REQUESTS} requests to say anything.`
}

function pin(model: string, rows: readonly ModelHour[], hours: number): Recommendation[] {
  const days = hours / DAY_HOURS
  const loads = sum(rows, ({ coldLoads }) => coldLoads)
  const loadMinutes = sum(rows, ({ coldLoadMs }) => coldLoadMs) / 60_000 / days
  if (loads < PIN_LOADS || loadMinutes < PIN_MINUTES_A_DAY) return []
  const hoursUsedPerDay = round(new Set(rows.map(({ hour }) => hour)).size / days, 1)
  const loadsPerDay = round(loads / days, 1)
  const loadMinutesPerDay = round(loadMinutes, 1)
  return [
    {
      kind: 'pin',
      model,
      advice: 'keep it loaded (keep_alive -1)',
      why: `${loadsPerDay} loads took ${loadMinutesPerDay} min a day; used in ${hoursUsedPerDay} hours a day`,
      numbers: { loadsPerDay, loadMinutesPerDay, hoursUsedPerDay },
    },
  ]
}

/** Of all hours, those in which nothing happened too. */
function slots({ rows, hosts }: AdviceNeeds, hours: number): Recommendation {
  const byHour = [...Map.groupBy(rows, ({ hour }) => hour).values()]
  const busy = byHour.map((rows) => sum(rows, ({ computeMs }) => computeMs) / HOUR_MS / hosts)
  const queues = byHour.map(
    (rows) => sum(rows, ({ queueMs }) => queueMs) / sum(rows, ({ requests }) => requests),
  )
  const idle = Array.from({ length: Math.max(0, hours - busy.length) }, () => 0)
  const p95Busy = round(p95([...busy, ...idle]), 2)
  const mostBusy = round(Math.max(...busy), 2)
  const p95QueueSeconds = round(p95(queues) / 1000, 1)
  const slots = Math.max(1, Math.ceil(p95Busy / GOOD_SHARE))
  const numbers = { hosts, p95Busy, mostBusy, p95QueueSeconds, slots }
  const why = `in the 95th of 100 hours ${p95Busy} requests at a time on each of ${hosts} hosts, at most ${mostBusy}; ${p95QueueSeconds} s in the queue each`
  return { kind: 'slots', model: null, advice: slotAdvice(numbers), why, numbers }
}

function slotAdvice({ p95Busy, p95QueueSeconds, slots }: Readonly<Record<string, number>>): string {
  if ((p95Busy ?? 0) >= BUSY_SHARE) {
    return `OLLAMA_NUM_PARALLEL=${slots} on each host if its memory allows, else another host`
  }
  if ((p95QueueSeconds ?? 0) * 1000 >= LONG_QUEUE_MS) {
    return 'hosts are not busy, yet people wait: pin models, or give each host models of its own'
  }
  return 'one slot on each host is enough'
}

function context(
  model: string,
  rows: readonly ModelHour[],
  { maxContextTokens }: AdviceNeeds,
): Recommendation[] {
  const classes = [...CONTEXT_BOUNDS, 0].map((_, i) => sum(rows, (row) => row.contexts[i] ?? 0))
  const conversations = classes.reduce((all, n) => all + n, 0)
  if (conversations < LEAST_CONVERSATIONS) return []
  const p50 = quantile(classes, CONTEXT_BOUNDS, 0.5) ?? 0
  const p99 = quantile(classes, CONTEXT_BOUNDS, 0.99) ?? 0
  const numCtx = Math.max(LEAST_CONTEXT, 2 ** Math.ceil(Math.log2(p99)))
  const set = maxContextTokens === 0 ? 'max_context_tokens is not set' : `up to ${maxContextTokens}`
  return [
    {
      kind: 'context',
      model,
      advice: `num_ctx ${numCtx}`,
      why: `half of ${conversations} conversations had up to ${p50} tokens, 99 of 100 up to ${p99}; ${set}`,
      numbers: { conversations, p50, p99, numCtx, maxContextTokens },
    },
  ]
}

function unused(
  used: readonly (readonly [string, readonly ModelHour[]])[],
  installed: readonly string[] | null,
  days: number,
): Recommendation[] {
  const counts = new Map(used.map(([model, rows]) => [model, sum(rows, (row) => row.requests)]))
  const models = installed ?? [...counts.keys()]
  return models
    .map((model) => ({ model, requests: counts.get(model) ?? 0 }))
    .filter(({ requests }) => requests * RARE_DAYS < days)
    .sort((a, b) => a.requests - b.requests || (a.model < b.model ? -1 : 1))
    .map(({ model, requests }) => ({
      kind: 'remove',
      model,
      advice: 'hardly used: could be removed',
      why: `${requests} requests in ${days} days`,
      numbers: { requests },
    }))
}

const by = (name: string) => (a: Recommendation, b: Recommendation) =>
  (b.numbers[name] ?? 0) - (a.numbers[name] ?? 0) || ((a.model ?? '') < (b.model ?? '') ? -1 : 1)

function p95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0
}

const sum = (rows: readonly ModelHour[], of: (row: ModelHour) => number): number =>
  rows.reduce((all, row) => all + of(row), 0)

const round = (value: number, digits: number): number =>
  Math.round(value * 10 ** digits) / 10 ** digits
