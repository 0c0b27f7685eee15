import { streamedChat, wholeChat } from '../chat.ts'
import type { Call } from '../client.ts'
import { residentMegabytes } from '../cpu.ts'
import type { Mock } from '../mock.ts'
import type { Target } from '../targets/target.ts'
import { eventually, type Finding, type Stage } from './scenario.ts'

const STREAMS = 1000
const BATCH = 50
const OPEN_MS = 30_000
/** Longer than Bun's own idle timeout of 10 s, so that it is seen not to bite. */
const HOLD_MS = 13_000
const ANSWER_MS = 5000
const RESIDENT_MB = 150

/**
 * A thousand streams that have sent one record and fell silent, all on one backend; then one more
 * request to another backend. Judges memory, the answer, and that no stream was cut meanwhile.
 */
export async function runQuiet(stage: Stage): Promise<Finding> {
  const shape = { chunks: 256, gapMicros: 4000 }
  const silent = await stage.startMock({ ...shape, model: 'quiet:latest', quiet: true })
  const other = await stage.startMock({ ...shape, model: 'other:latest' })
  const target = await stage.startTarget([silent, other])
  const calls = await openStreams(target, silent)
  const answeredMs = await askOther(target, other)
  await Bun.sleep(stage.quick ? 1000 : HOLD_MS)
  const resident = residentMegabytes(target.pid ?? 0)
  const { streams } = await silent.stats()
  for (const call of calls) call.abort()
  const closed = await eventually(async () => (await silent.stats()).streams === 0, 10_000)
  const answer = answeredMs === undefined ? 'no answer in 5 s' : `after ${answeredMs.toFixed(1)} ms`
  return {
    figures: { streams, residentMb: resident, answeredMs: answeredMs ?? Number.NaN },
    verdicts: [
      {
        floor: `${STREAMS} quiet streams stay open`,
        measured: `${streams} open`,
        pass: streams === STREAMS,
      },
      {
        floor: `memory with ${STREAMS} quiet streams <= ${RESIDENT_MB} MB`,
        measured: `${resident.toFixed(0)} MB`,
        pass: streams === STREAMS && resident <= RESIDENT_MB,
      },
      {
        floor: `request ${STREAMS + 1}, to another backend, is answered`,
        measured: answer,
        pass: answeredMs !== undefined,
      },
      {
        floor: 'clients that leave close every upstream stream',
        measured: closed ? 'all closed' : `${(await silent.stats()).streams} left`,
        pass: closed,
      },
    ],
  }
}

/** Opens the streams batch by batch and waits for as many first records as will come. */
async function openStreams(target: Target, mock: Mock): Promise<Call[]> {
  const body = streamedChat({ model: mock.model, records: 256 })
  const calls: Call[] = []
  const deadline = performance.now() + OPEN_MS
  while (calls.length < STREAMS) {
    for (let i = 0; i < BATCH; i++) calls.push(target.client.send(body))
    const begun = async () => calls.every((call) => call.records() > 0)
    await eventually(begun, Math.max(0, Math.min(5000, deadline - performance.now())))
  }
  return calls
}

/** Milliseconds until the other backend's answer; undefined when none came in time. */
async function askOther(target: Target, other: Mock): Promise<number | undefined> {
  const began = performance.now()
  const { reply } = target.client.send(wholeChat(other.model))
  const got = await Promise.race([reply, Bun.sleep(ANSWER_MS)])
  return got?.status === 200 ? got.endAt - began : undefined
}
