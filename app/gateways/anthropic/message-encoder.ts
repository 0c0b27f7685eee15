import type { ChatRecord } from '../../domain/native-answer.ts'
import { AS_IT_COMES, type Encoder, rewrittenAnswer } from '../encoder.ts'
import { eventStream } from '../event-stream.ts'
import {
  emptyMessage,
  type MessageTelling,
  messageEnd,
  toolUseBlock,
  wholeMessage,
} from './answer.ts'
import { blockEvents } from './block-events.ts'
import { messageEvent } from './message-event.ts'

/** Tells a chat as Anthropic's message, in one piece. A model that says nothing makes an empty one. */
export const messageDocument = (telling: MessageTelling): Encoder => ({
  ...AS_IT_COMES,
  document: rewrittenAnswer((answer: ChatRecord) => wholeMessage(answer, telling)),
})

/** Tells a chat as the events of Anthropic's message: its head, its blocks, and why it ended. */
export function messageStream(telling: MessageTelling): Encoder {
  const { callsInParallel, tellsThinking, newId } = telling
  const blocks = blockEvents()
  let hasBegun = false
  let calls = 0

  const begin = (): string => {
    if (hasBegun) return ''
    hasBegun = true
    return messageEvent('message_start', { message: emptyMessage(telling) })
  }

  const ending = (record: ChatRecord): string => {
    const told = messageEvent('message_delta', messageEnd(record, calls > 0, telling))
    return blocks.close() + told + messageEvent('message_stop')
  }

  return eventStream<ChatRecord>((record) => {
    const { content = '', thinking = '', tool_calls } = record.message ?? {}
    let events = begin()
    if (tellsThinking) events += blocks.think(thinking)
    events += blocks.say(content)
    for (const call of tool_calls ?? []) {
      if (calls > 0 && !callsInParallel) break
      calls++
      events += blocks.call(toolUseBlock(call, newId))
    }
    return record.done ? events + ending(record) : events
  })
}
