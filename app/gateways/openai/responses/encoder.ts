import type { ChatRecord } from '../../../domain/native-answer.ts'
import { AS_IT_COMES, type Encoder, rewrittenAnswer } from '../../encoder.ts'
import { eventStream, namedEvent } from '../../event-stream.ts'
import { createTeller, type Telling } from './teller.ts'

/** Tells a chat as OpenAI's response, in one piece. */
export const responseDocument = (telling: Telling): Encoder => ({
  ...AS_IT_COMES,
  document: rewrittenAnswer((answer: ChatRecord) => {
    const teller = createTeller(telling, () => {})
    teller.take(answer)
    return teller.response()
  }),
})

/** Tells a chat as the events of OpenAI's response: numbered from 0, and its end told as well. */
export function responseStream(telling: Telling): Encoder {
  let events = ''
  let sequence_number = 0
  const teller = createTeller(telling, (type, fields) => {
    events += namedEvent(type, { type, sequence_number, ...fields })
    sequence_number++
  })
  const untold = (): string => {
    const told = events
    events = ''
    return told
  }
  return {
    ...eventStream<ChatRecord>((record) => {
      teller.take(record)
      return untold()
    }),
    ending: (err) => {
      teller.fail(err)
      return untold()
    },
  }
}
