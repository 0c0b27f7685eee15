import type { ChatRecord } from '../../domain/native-answer.ts'
import { AS_IT_COMES, type Encoder, rewritten } from '../encoder.ts'
import { eventStream, namedEvent } from '../event-stream.ts'
import {
  head,
  type MessageTelling,
  stopReason,
  textBlock,
  thinkingBlock,
  toolUseBlock,
  usage,
  usageOf,
} from './answer.ts'

const PART = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":'

/** Tells a chat as Anthropic's message, in one piece. A model that says nothing makes an empty one. */
export const messageDocument = (telling: MessageTelling): Encoder => ({
  ...AS_IT_COMES,
  document: rewritten((answer: ChatRecord) => {
    const { callsInParallel, tellsThinking, newId } = telling
    const { content = '', thinking = '', tool_calls } = answer.message ?? {}
    const calls = (tool_calls ?? []).slice(0, callsInParallel ? undefined : 1)
    return {
      ...head(telling),
      content: [
        ...(thinking !== '' && tellsThinking ? [thinkingBlock(thinking)] : []),
        ...(content !== '' ? [textBlock(content)] : []),
        ...calls.map((call) => toolUseBlock(call, newId)),
      ],
      stop_reason: stopReason(answer, calls.length > 0),
      stop_sequence: null,
      usage: usageOf(answer, telling),
    }
  }),
})

/** Tells a chat as the events of Anthropic's message: one block after the other, each in its parts. */
export function messageStream(telling: MessageTelling): Encoder {
  const { callsInParallel, tellsThinking, newId } = telling
  let hasBegun = false
  let index = 0
  /** The kind of block to which the next words may belong. */
  let open: 'thinking' | 'text' | null = null
  let calls = 0

  const begin = (): string => {
    if (hasBegun) return ''
    hasBegun = true
    const unknown = { content: [], stop_reason: null, stop_sequence: null }
    const message = { ...head(telling), ...unknown, usage: usage(telling.promptTokens(), 0) }
    return event('message_start', { message })
  }

  const start = (content_block: object): string =>
    event('content_block_start', { index, content_block })

  // Nearly all that is told are parts: only what differs between them is made into JSON.
  const part = (type: string, field: string, words: string): string =>
    `${PART}${index},"delta":{"type":"${type}","${field}":${JSON.stringify(words)}}}\n\n`

  const stop = (): string => event('content_block_stop', { index: index++ })

  const close = (): string => {
    if (open === null) return ''
    open = null
    return stop()
  }

  const think = (thinking: string): string => {
    if (thinking === '' || !tellsThinking) return ''
    const before = open === 'thinking' ? '' : close() + start(thinkingBlock(''))
    open = 'thinking'
    return before + part('thinking_delta', 'thinking', thinking)
  }

  const say = (text: string): string => {
    if (text === '') return ''
    const before = open === 'text' ? '' : close() + start(textBlock(''))
    open = 'text'
    return before + part('text_delta', 'text', text)
  }

  const call = ({ input, ...block }: ReturnType<typeof toolUseBlock>): string => {
    if (calls++ > 0 && !callsInParallel) return ''
    const begun = close() + start({ ...block, input: {} })
    return begun + part('input_json_delta', 'partial_json', JSON.stringify(input)) + stop()
  }

  const ending = (record: ChatRecord): string => {
    const delta = { stop_reason: stopReason(record, calls > 0), stop_sequence: null }
    const told = event('message_delta', { delta, usage: usageOf(record, telling) })
    return close() + told + event('message_stop', {})
  }

  return eventStream<ChatRecord>((record) => {
    const { content = '', thinking = '', tool_calls } = record.message ?? {}
    let events = begin() + think(thinking) + say(content)
    for (const called of tool_calls ?? []) events += call(toolUseBlock(called, newId))
    return record.done ? events + ending(record) : events
  })
}

const event = (type: string, members: object): string => namedEvent(type, { type, ...members })
