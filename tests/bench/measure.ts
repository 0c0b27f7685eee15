import { cpuMicros, residentMegabytes } from './cpu.ts'
import type { Mock } from './mock.ts'
import { runFirstToken } from './phases/first-token.ts'
import { runRequests } from './phases/requests.ts'
import { runStreams } from './phases/streams.ts'
import type { RedisUse } from './redis.ts'
import { quantile } from './statistics.ts'
import type { Target } from './targets/target.ts'

/** Each figure of a target, one value per round. CPU in us, latencies in ms, memory in MB. */
export const METRICS = [
  'cpuPerRequest',
  'cpuPerSparseRequest',
  'cpuPerChunk',
  'cpuPerLoneChunk',
  'latencyP50',
  'latencyP99',
  'firstTokenP50',
  'firstTokenP99',
  'resident',
  'redisCpuPerRequest',
  'redisScriptsPerRequest',
  'redisPerScript',
] as const
export type Metric = (typeof METRICS)[number]
export type Samples = Record<Metric, number[]>

/** How long the phases of a round are. */
export type Effort = {
  /** Enough for the compiler of a JavaScript target to settle. */
  warmUp: number
  requests: number
  firstTokens: number
  waves: number
  idleMs: number
}

export const FULL: Effort = {
  warmUp: 12_000,
  requests: 2400,
  firstTokens: 150,
  waves: 2,
  idleMs: 3000,
}
export const QUICK: Effort = {
  warmUp: 3000,
  requests: 800,
  firstTokens: 60,
  waves: 1,
  idleMs: 1000,
}

const REQUESTS_PER_SECOND = 800
/** So few that most requests wake an idle process and are committed alone. */
const SPARSE_REQUESTS_PER_SECOND = 300
const FIRST_TOKENS_PER_SECOND = 100

export type Measurement = {
  targets: Target[]
  mock: Mock
  effort: Effort
  rounds: number
  /** Hears what is under way. */
  progress: (step: string) => void
}

/** Warms every target up, then measures them in turn, phase by phase, round after round. */
export async function measure(plan: Measurement): Promise<Map<string, Samples>> {
  const { targets, mock, effort, rounds, progress } = plan
  progress('warm-up')
  for (const target of targets) await warmUp(target, mock, effort)
  const idle = await idleRates(targets, effort.idleMs)
  const samples = new Map(targets.map(({ name }) => [name, noSamples()]))
  for (let round = 1; round <= rounds; round++) {
    progress(`round ${round} of ${rounds}`)
    for (const phase of [
      requestPhase,
      sparseRequestPhase,
      firstTokenPhase,
      chunkPhase,
      loneChunkPhase,
      memoryPhase,
    ]) {
      for (const target of targets) {
        const into = samples.get(target.name) ?? noSamples()
        await phase({ target, mock, effort, into, idle: idle.get(target.name) ?? 0 })
      }
    }
  }
  return samples
}

const NO_REDIS: RedisUse = {
  cpuMicros: Number.NaN,
  scripts: Number.NaN,
  scriptMicros: Number.NaN,
}

type Turn = { target: Target; mock: Mock; effort: Effort; into: Samples; idle: number }

async function requestPhase({ target, mock, effort, into, idle }: Turn): Promise<void> {
  const load = { perSecond: REQUESTS_PER_SECOND, count: effort.requests }
  const run = await runRequests(target, mock, load)
  into.cpuPerRequest.push((run.cpuMicros - idle * run.elapsedMs) / load.count)
  into.latencyP50.push(quantile(run.latencies, 0.5))
  into.latencyP99.push(quantile(run.latencies, 0.99))
  const { cpuMicros, scripts, scriptMicros } = run.redis ?? NO_REDIS
  into.redisCpuPerRequest.push(cpuMicros / load.count)
  into.redisScriptsPerRequest.push(scripts / load.count)
  into.redisPerScript.push(scriptMicros / scripts)
}

async function sparseRequestPhase({ target, mock, effort, into, idle }: Turn): Promise<void> {
  const load = { perSecond: SPARSE_REQUESTS_PER_SECOND, count: Math.ceil(effort.requests / 3) }
  const run = await runRequests(target, mock, load)
  into.cpuPerSparseRequest.push((run.cpuMicros - idle * run.elapsedMs) / load.count)
}

async function firstTokenPhase({ target, mock, effort, into }: Turn): Promise<void> {
  const load = { perSecond: FIRST_TOKENS_PER_SECOND, count: effort.firstTokens }
  const delays = await runFirstToken(target, mock, load)
  into.firstTokenP50.push(quantile(delays, 0.5))
  into.firstTokenP99.push(quantile(delays, 0.99))
}

async function chunkPhase({ target, mock, effort, into, idle }: Turn): Promise<void> {
  into.cpuPerChunk.push(await perChunk(target, mock, effort.waves, idle, true))
}

async function loneChunkPhase({ target, mock, into, idle }: Turn): Promise<void> {
  into.cpuPerLoneChunk.push(await perChunk(target, mock, 1, idle, false))
}

async function memoryPhase({ target, into }: Turn): Promise<void> {
  into.resident.push(target.pid ? residentMegabytes(target.pid) : Number.NaN)
}

async function perChunk(
  target: Target,
  mock: Mock,
  waves: number,
  idle: number,
  together: boolean,
): Promise<number> {
  if (!target.pid) return Number.NaN
  let [chunks, cpu] = [0, 0]
  for (let wave = 0; wave < waves; wave++) {
    const run = await runStreams(target, mock, together)
    chunks += run.chunks
    cpu += run.cpuMicros - idle * run.elapsedMs
  }
  return cpu / chunks
}

async function warmUp(target: Target, mock: Mock, effort: Effort): Promise<void> {
  await runRequests(target, mock, { perSecond: REQUESTS_PER_SECOND, count: effort.warmUp })
  await runFirstToken(target, mock, { perSecond: FIRST_TOKENS_PER_SECOND, count: 50 })
  if (target.pid) await perChunk(target, mock, effort.waves + 1, 0, true)
}

/** CPU each target uses when nothing is asked of it, in us per ms. */
async function idleRates(targets: Target[], ms: number): Promise<Map<string, number>> {
  const cpu = () => targets.map(({ pid }) => (pid ? cpuMicros(pid) : 0))
  const before = cpu()
  await Bun.sleep(ms)
  const after = cpu()
  return new Map(targets.map(({ name }, i) => [name, ((after[i] ?? 0) - (before[i] ?? 0)) / ms]))
}

function noSamples(): Samples {
  return Object.fromEntries(METRICS.map((metric): [Metric, number[]] => [metric, []])) as Samples
}
