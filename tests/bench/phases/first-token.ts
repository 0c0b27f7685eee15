import { expectWhole, streamedChat } from '../chat.ts'
import type { Mock } from '../mock.ts'
import type { Target } from '../targets/target.ts'
import { everyTick } from '../ticks.ts'

const RECORDS = 4

/** Short streams at a fixed rate: ms from the intended time of sending to the first record. */
export async function runFirstToken(
  target: Target,
  mock: Mock,
  load: { perSecond: number; count: number },
): Promise<number[]> {
  const body = streamedChat({ model: mock.model, records: RECORDS })
  const calls: Promise<number>[] = []
  const gapMicros = Math.round(1e6 / load.perSecond)
  const intended = await everyTick(mock, gapMicros, load.count, () => {
    const { reply } = target.client.send(body)
    calls.push(
      reply.then((got) => {
        expectWhole(target.name, got, RECORDS)
        return got.firstAt
      }),
    )
  })
  const firsts = await Promise.all(calls)
  return firsts.map((first, tick) => first - intended(tick))
}
