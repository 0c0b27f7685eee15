import type { Mock } from '../mock.ts'
import type { Target } from '../targets/target.ts'
import { type Load, sendAtRate } from './open-loop.ts'

const RECORDS = 4

/** Short streams at a fixed rate: ms from the intended time of sending to the first record. */
export async function runFirstToken(target: Target, mock: Mock, load: Load): Promise<number[]> {
  const body = target.dialect.streamed({ model: mock.model, records: RECORDS })
  const { replies, intended } = await sendAtRate(target, mock, body, RECORDS, load)
  return replies.map((reply, tick) => reply.firstAt - intended(tick))
}
