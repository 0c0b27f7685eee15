import type { ChatRecord } from '../../domain/native-answer.ts'
import { AS_IT_COMES, type Encoder, rewrittenAnswer } from '../encoder.ts'
import { eventStream } from '../event-stream.ts'
import {
  finishReason,
  headOf,
  type IdentityNeeds,
  logprobsOf,
  toolCallOf,
  usageOf,
} from './answer.ts'
import { type ChunkTelling, chunksOf } from './chunks.ts'

/** How a chat is told. */
export interface ChatTelling extends ChunkTelling {
  /** False when at most one call may be told. */
  readonly callsInParallel: boolean
  readonly newId: IdentityNeeds['newId']
}

/** Tells a chat as OpenAI's chat completion, in one piece. */
export const chatDocument = (telling: ChatTelling): Encoder => ({
  ...AS_IT_COMES,
  document: rewrittenAnswer((answer: ChatRecord) => {
    const { identity, callsInParallel, newId } = telling
    const { content = '', thinking, tool_calls } = answer.message ?? {}
    const told = (tool_calls ?? []).slice(0, callsInParallel ? undefined : 1)
    const calls = told.map((call, i) => toolCallOf(call, i, newId))
    const message = {
      role: 'assistant',
      content,
      refusal: null,
      ...(thinking && { reasoning: thinking }),
      ...(calls.length > 0 && { tool_calls: calls }),
    }
    const finish_reason = finishReason(answer, calls.length > 0)
    const logprobs = logprobsOf(answer.logprobs) ?? null
    return {
      ...headOf(identity, 'chat.completion'),
      choices: [{ index: 0, message, logprobs, finish_reason }],
      usage: usageOf(answer, telling),
    }
  }),
})

/** Tells a chat as chunks of OpenAI's chat completion: the role in the first, the reason in the last. */
export function chatStream(telling: ChatTelling): Encoder {
  const { callsInParallel, newId } = telling
  const chunks = chunksOf('chat.completion.chunk', telling)
  let hasBegun = false
  let calls = 0

  // Nearly all that is told are chunks: only what differs between them is made into JSON.
  const chunk = (field: string, value: string | object, logprobs?: object): string => {
    const role = hasBegun ? '' : '"role":"assistant",'
    hasBegun = true
    const beside = logprobs ? `,"logprobs":${JSON.stringify(logprobs)}` : ''
    const delta = `{${role}"${field}":${JSON.stringify(value)}}`
    return chunks.around(`{"index":0,"delta":${delta}${beside},"finish_reason":null}`)
  }

  const toChunks = ({ message = {}, logprobs }: ChatRecord): string => {
    const { content = '', thinking, tool_calls } = message
    let told = thinking ? chunk('reasoning', thinking) : ''
    if (content !== '') told += chunk('content', content, logprobsOf(logprobs))
    for (const call of tool_calls ?? []) {
      if (calls > 0 && !callsInParallel) break
      told += chunk('tool_calls', [toolCallOf(call, calls++, newId)])
    }
    return told
  }

  const ending = (record: ChatRecord): string => {
    // An answer that says nothing at all has a first chunk as well.
    const first = hasBegun ? '' : chunk('content', '')
    const reason = JSON.stringify(finishReason(record, calls > 0))
    const last = chunks.around(`{"index":0,"delta":{},"finish_reason":${reason}}`)
    return first + last + chunks.ending(record)
  }

  return eventStream<ChatRecord>((record) =>
    record.done ? toChunks(record) + ending(record) : toChunks(record),
  )
}
