import { EMPTY } from '../../../app/domain/bucket.ts'
import { type Limit, NOTHING } from '../../../app/domain/limit.ts'
import { reservePromptTokens } from '../../../app/domain/usage.ts'
import { demandsOf } from '../../../app/limits/demands.ts'
import type { Reservation } from '../../../app/limits/limiter.ts'
import { createRedisLimiter, type RedisLimiter } from '../../../app/limits/redis-limiter.ts'
import { connectRedis } from '../../../app/limits/redis-link.ts'
import { silentLog } from '../../../app/log.ts'
import { expectWhole, wholeChat } from '../chat.ts'
import { eightLimits } from '../limits.ts'
import type { Mock } from '../mock.ts'
import { type Redis, startRedis, useBetween } from '../redis.ts'
import { startSlowLink } from '../slow-link.ts'
import { median } from '../statistics.ts'
import { startOnRedis } from '../targets/parallama.ts'
import type { Target } from '../targets/target.ts'
import type { Finding, Stage } from './scenario.ts'

const USERS = 50
const BATCHES = 10
const SCRIPT_MICROS = 60
const TIMED_REQUESTS = 40
/** Well below the silence after which the gateway takes Redis for gone. */
const DELAY_MS = 15

/**
 * What the limits ask of Redis: the script that lets a request in, called alone with eight rules and
 * one call at a time, and how many answers of Redis a client waits for. Judges both.
 */
export async function runRedis(stage: Stage): Promise<Finding> {
  const redis = stage.keep(await startRedis())
  const costs = await measureScripts(redis, stage.quick ? 200 : 2000)
  const trips = await countRoundTrips(stage, redis)
  const { admitScriptMicros: script, admitCpuMicros: cpu } = costs
  return {
    figures: { ...costs, roundTrips: trips },
    verdicts: [
      {
        floor: `the admitting script with 8 rules <= ${SCRIPT_MICROS} us`,
        measured: `${script.toFixed(1)} us, ${cpu.toFixed(1)} us of CPU with reading and answering`,
        pass: script <= SCRIPT_MICROS,
      },
      {
        floor: 'round trips to Redis that a client waits for: 1',
        measured: trips.toFixed(2),
        pass: Math.round(trips) === 1,
      },
    ],
  }
}

/** Medians of ten batches, in us per call: of the script by Redis' own clock, and of its CPU. */
async function measureScripts(redis: Redis, perBatch: number) {
  const link = await connectRedis(redis.url, silentLog)
  const rebuild = async (_: string, limits: readonly Limit[]) =>
    limits.map(({ bucket }) => ({ bucket, state: EMPTY }))
  const limiter = createRedisLimiter({ link, rebuild })
  const users = Array.from({ length: USERS }, (_, i) => eightLimits(`user-${i}`))
  await admitAll(limiter, users, USERS)
  const admits: PerCall[] = []
  const settles: PerCall[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    let admitted: Reservation[] = []
    admits.push(
      await perCall(redis, perBatch, async () => {
        admitted = await admitAll(limiter, users, perBatch)
      }),
    )
    settles.push(await perCall(redis, perBatch, () => settleAll(limiter, admitted)))
  }
  link.close()
  return {
    admitScriptMicros: median(admits.map(({ script }) => script)),
    admitCpuMicros: median(admits.map(({ cpu }) => cpu)),
    settleScriptMicros: median(settles.map(({ script }) => script)),
    settleCpuMicros: median(settles.map(({ cpu }) => cpu)),
  }
}

type PerCall = { script: number; cpu: number }

async function perCall(redis: Redis, calls: number, run: () => Promise<void>): Promise<PerCall> {
  const before = await redis.use()
  await run()
  const { scripts, scriptMicros, cpuMicros } = useBetween(before, await redis.use())
  if (scripts !== calls) throw new Error(`${scripts} scripts instead of ${calls}`)
  return { script: scriptMicros / calls, cpu: cpuMicros / calls }
}

/** One request after the other, each of another user than the one before. */
async function admitAll(
  limiter: RedisLimiter,
  users: readonly Limit[][],
  count: number,
): Promise<Reservation[]> {
  const admitted: Reservation[] = []
  for (let i = 0; i < count; i++) {
    const limits = users[i % users.length] ?? []
    const promptTokens = reservePromptTokens(200)
    const demands = demandsOf(limits, { promptTokens, predictTokens: 256 })
    const { reservation } = await limiter.admit({ id: crypto.randomUUID(), limits, demands })
    if (!reservation) throw new Error('a limit of the benchmark is too small')
    admitted.push(reservation)
  }
  return admitted
}

async function settleAll(limiter: RedisLimiter, admitted: Reservation[]): Promise<void> {
  const charges = { ...NOTHING, tokens: 264, 'compute-seconds': 1 }
  for (const reservation of admitted) {
    await limiter.settle(reservation, charges, { isRetry: false })
  }
}

/** By how much a request takes longer when each answer of Redis does, over that delay. */
async function countRoundTrips(stage: Stage, redis: Redis): Promise<number> {
  const mock = await stage.startMock({ model: 'bench:latest', chunks: 256, gapMicros: 4000 })
  const link = stage.keep(startSlowLink(redis.url))
  const target = await stage.startTarget([mock], (place) => startOnRedis(place, link.url))
  await timeRequests(target, mock)
  const atOnce = await timeRequests(target, mock)
  link.delayMs = DELAY_MS
  return ((await timeRequests(target, mock)) - atOnce) / DELAY_MS
}

/** Sends requests one after the other; the median latency in ms. */
async function timeRequests(target: Target, mock: Mock): Promise<number> {
  const latencies: number[] = []
  for (let i = 0; i < TIMED_REQUESTS; i++) {
    const began = performance.now()
    const reply = await target.client.send(wholeChat(mock.model)).reply
    expectWhole(target.name, reply, 0)
    latencies.push(reply.endAt - began)
  }
  return median(latencies)
}
