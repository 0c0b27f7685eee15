import { expectWhole } from '../chat.ts'
import type { Mock } from '../mock.ts'
import type { Reply } from '../response-reader.ts'
import type { Target } from '../targets/target.ts'
import { everyTick, type Schedule } from '../ticks.ts'

/** A rate in requests per second, and how many of them. */
export type Load = { perSecond: number; count: number }

/** The replies in order, and when each request was meant to be sent. */
export type Answered = { replies: Reply[]; intended: Schedule }

/** Sends `body` at a fixed rate, whether or not answers come, and checks that all came whole. */
export async function sendAtRate(
  target: Target,
  mock: Mock,
  body: string,
  records: number,
  load: Load,
): Promise<Answered> {
  const calls: Promise<Reply>[] = []
  const intended = await everyTick(mock, Math.round(1e6 / load.perSecond), load.count, () => {
    calls.push(target.client.send(body).reply)
  })
  const replies = await Promise.all(calls)
  for (const reply of replies) expectWhole(target.name, reply, records, target.dialect)
  return { replies, intended }
}
