import { expectWhole } from '../chat.ts'
import type { Call } from '../client.ts'
import { cpuMicros } from '../cpu.ts'
import type { Mock } from '../mock.ts'
import type { Target } from '../targets/target.ts'
import { everyTick } from '../ticks.ts'

const STREAMS = 20
const RECORDS = 256
/** The window closes before the first stream ends. */
const LAST_COUNTED = RECORDS - 6
/** Starts are spread so that streams of their own pace do not fall into step. */
const START_GAP_MICROS = 1230

/** What went through a target while all streams were open; CPU in us, idling included. */
export type StreamRun = { chunks: number; cpuMicros: number; elapsedMs: number }

/**
 * Twenty long streams at once. CPU and chunks are counted from when each stream has begun until the
 * first is about to end, so that no request starts or ends in the window.
 */
export async function runStreams(
  target: Target,
  mock: Mock,
  together: boolean,
): Promise<StreamRun> {
  const { pid, name, dialect } = target
  if (!pid) throw new Error(`${name} has no process to measure`)
  const body = dialect.streamed({ model: mock.model, records: RECORDS, together })
  const open = Promise.withResolvers<void>()
  const ending = Promise.withResolvers<void>()
  const begun = new Set<number>()
  const calls: Call[] = []
  await everyTick(mock, START_GAP_MICROS, STREAMS, (tick) => {
    const call = target.client.send(body, (count) => {
      if (begun.add(tick).size === STREAMS) open.resolve()
      if (count >= LAST_COUNTED) ending.resolve()
    })
    calls.push(call)
  })
  const replies = Promise.all(calls.map((call) => call.reply))
  await Promise.race([open.promise, replies])
  const before = snapshot(pid, calls)
  await Promise.race([ending.promise, replies])
  const after = snapshot(pid, calls)
  for (const reply of await replies) expectWhole(name, reply, RECORDS, dialect)
  return {
    chunks: after.chunks - before.chunks,
    cpuMicros: after.cpu - before.cpu,
    elapsedMs: after.at - before.at,
  }
}

function snapshot(pid: number, calls: Call[]): { cpu: number; chunks: number; at: number } {
  const chunks = calls.reduce((sum, call) => sum + call.records(), 0)
  return { cpu: cpuMicros(pid), chunks, at: performance.now() }
}
