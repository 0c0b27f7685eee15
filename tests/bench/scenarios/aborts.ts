import { streamedChat } from '../chat.ts'
import { residentMegabytes } from '../cpu.ts'
import type { Mock } from '../mock.ts'
import type { Target } from '../targets/target.ts'
import { eventually, type Finding, type Stage } from './scenario.ts'

const CONCURRENCY = 50
const LAST_RECORD = 32
const WARM_UP = 1000
const SETTLE_MS = 5000
const GROWTH_MB = 20
/** A proxy may keep this many idle connections for reuse. */
const IDLE_CONNECTIONS = 64

/**
 * Streams that clients abort at a random record, fifty at a time. Judges that memory stays where
 * it was after the warm-up, and that the upstream saw every one of them close.
 */
export async function runAborts(stage: Stage): Promise<Finding> {
  const total = stage.quick ? 2000 : 10_000
  const mock = await stage.startMock({ model: 'bench:latest', chunks: 256, gapMicros: 4000 })
  const target = await stage.startTarget([mock])
  const pid = target.pid ?? 0
  await abortStreams(target, mock, WARM_UP)
  await Bun.sleep(SETTLE_MS)
  const before = residentMegabytes(pid)
  await abortStreams(target, mock, total)
  const closed = await eventually(async () => (await mock.stats()).streams === 0, 10_000)
  await Bun.sleep(SETTLE_MS)
  const after = residentMegabytes(pid)
  const { streams, aborted, open } = await mock.stats()
  const seen = aborted - WARM_UP
  return {
    figures: { aborted: seen, streamsLeft: streams, open, beforeMb: before, afterMb: after },
    verdicts: [
      {
        floor: `${total} aborted streams leave memory within ${GROWTH_MB} MB`,
        measured: `${before.toFixed(0)} MB before, ${after.toFixed(0)} MB after`,
        pass: after - before <= GROWTH_MB,
      },
      {
        floor: `each of the ${total} is closed upstream`,
        measured: `${seen} closed, ${streams} left, ${open} connections open`,
        pass: closed && seen === total && open <= IDLE_CONNECTIONS,
      },
    ],
  }
}

async function abortStreams(target: Target, mock: Mock, total: number): Promise<void> {
  const body = streamedChat({ model: mock.model, records: 256 })
  let started = 0
  const client = async () => {
    while (started++ < total) await abortOne(target, body)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, client))
}

/** Resolves once the stream is aborted. Throws when it ends by itself before that. */
async function abortOne(target: Target, body: string): Promise<void> {
  const last = 1 + Math.floor(Math.random() * LAST_RECORD)
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
  const call = target.client.send(body, (count) => {
    if (count >= last) reach()
  })
  const ended = call.reply.then((reply) => {
    throw new Error(`a stream ended with status ${reply.status} after ${reply.records} records`)
  })
  await Promise.race([reached, ended])
  call.abort()
  await ended.catch(() => undefined)
}
