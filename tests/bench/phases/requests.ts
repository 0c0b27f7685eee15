import { expectWhole, wholeChat } from '../chat.ts'
import { cpuMicros } from '../cpu.ts'
import type { Mock } from '../mock.ts'
import type { Target } from '../targets/target.ts'
import { everyTick } from '../ticks.ts'

/** Lets trailing work, such as a batched write, fall into the window. */
const SETTLE_MS = 200

/** Latencies in ms from the intended time of sending; CPU of the target in us, idling included. */
export type RequestRun = { latencies: number[]; cpuMicros: number; elapsedMs: number }

/** Small requests answered in one piece, at a fixed rate that does not wait for answers. */
export async function runRequests(
  target: Target,
  mock: Mock,
  load: { perSecond: number; count: number },
): Promise<RequestRun> {
  const body = wholeChat(mock.model)
  const calls: Promise<number>[] = []
  const gapMicros = Math.round(1e6 / load.perSecond)
  const cpuBefore = target.pid ? cpuMicros(target.pid) : 0
  const began = performance.now()
  const intended = await everyTick(mock, gapMicros, load.count, () => {
    const { reply } = target.client.send(body)
    calls.push(
      reply.then((got) => {
        expectWhole(target.name, got, 0)
        return got.endAt
      }),
    )
  })
  const ends = await Promise.all(calls)
  await Bun.sleep(SETTLE_MS)
  return {
    latencies: ends.map((end, tick) => end - intended(tick)),
    cpuMicros: target.pid ? cpuMicros(target.pid) - cpuBefore : Number.NaN,
    elapsedMs: performance.now() - began,
  }
}
