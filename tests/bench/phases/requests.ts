import { cpuMicros } from '../cpu.ts'
import type { Mock } from '../mock.ts'
import { type RedisUse, useBetween } from '../redis.ts'
import type { Target } from '../targets/target.ts'
import { type Load, sendAtRate } from './open-loop.ts'

/** Lets trailing work, such as a batched write, fall into the window. */
const SETTLE_MS = 200

/** Latencies in ms from the intended time of sending; CPU of the target in us, idling included. */
export type RequestRun = {
  latencies: number[]
  cpuMicros: number
  elapsedMs: number
  /** What the target's Redis did for them, if it has one. */
  redis: RedisUse | undefined
}

/** Small requests answered in one piece, at a fixed rate. */
export async function runRequests(target: Target, mock: Mock, load: Load): Promise<RequestRun> {
  const cpu = () => (target.pid ? cpuMicros(target.pid) : Number.NaN)
  const redisBefore = await target.redis?.use()
  const cpuBefore = cpu()
  const began = performance.now()
  const body = target.dialect.whole(mock.model)
  const { replies, intended } = await sendAtRate(target, mock, body, 0, load)
  await Bun.sleep(SETTLE_MS)
  const cpuAfter = cpu()
  const elapsedMs = performance.now() - began
  const redisAfter = await target.redis?.use()
  return {
    latencies: replies.map((reply, tick) => reply.endAt - intended(tick)),
    cpuMicros: cpuAfter - cpuBefore,
    elapsedMs,
    redis: redisBefore && redisAfter && useBetween(redisBefore, redisAfter),
  }
}
