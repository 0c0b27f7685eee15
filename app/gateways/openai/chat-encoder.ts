import type { ChatRecord } from '../../domain/native-answer.ts'
import { AS_IT_COMES, type Encoder, rewritten } from '../encoder.ts'
import { dataEvent, eventStream } from '../event-stream.ts'
import {
  finishReason,
  type Identity,
  type IdentityNeeds,
  logprobsOf,
  toolCallOf,
  usageOf,
} from './answer.ts'

const END = 'data: [DONE]\n\n'

export interface ChatTelling {
  readonly identity: Identity
  readonly includeUsage: boolean
  /** False when at most one call may be told. */
  readonly callsInParallel: boolean
  readonly newId: IdentityNeeds['newId']
}

/** Tells a chat as OpenAI's chat completion, in one piece. */
export const chatDocument = (telling: ChatTelling): Encoder => ({
  ...AS_IT_COMES,
  document: rewritten((answer: ChatRecord) => {
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
      ...head(identity, 'chat.completion'),
      choices: [{ index: 0, message, logprobs, finish_reason }],
      usage: usageOf(answer),
    }
  }),
})

/** Tells a chat as chunks of OpenAI's chat completion: the role in the first, the reason in the last. */
export function chatStream(telling: ChatTelling): Encoder {
  const { identity, includeUsage, callsInParallel, newId } = telling
  const common = head(identity, 'chat.completion.chunk')
  const start = `data: ${JSON.stringify(common).slice(0, -1)},"choices":[{"index":0,"delta":`
  let hasBegun = false
  let calls = 0

  // Nearly all that is told are chunks: only what differs between them is made into JSON.
  const chunk = (field: string, value: string | object, logprobs?: object): string => {
    const role = hasBegun ? '' : '"role":"assistant",'
    hasBegun = true
    const beside = logprobs ? `,"logprobs":${JSON.stringify(logprobs)}` : ''
    return `${start}{${role}"${field}":${JSON.stringify(value)}}${beside},"finish_reason":null}]}\n\n`
  }

  const toChunks = ({ message = {}, logprobs }: ChatRecord): string => {
    const { content = '', thinking, tool_calls } = message
    let chunks = thinking ? chunk('reasoning', thinking) : ''
    if (content !== '') chunks += chunk('content', content, logprobsOf(logprobs))
    for (const call of tool_calls ?? []) {
      if (calls > 0 && !callsInParallel) break
      chunks += chunk('tool_calls', [toolCallOf(call, calls++, newId)])
    }
    return chunks
  }

  const ending = (record: ChatRecord): string => {
    // An answer that says nothing at all has a first chunk as well.
    const first = hasBegun ? '' : chunk('content', '')
    const reason = JSON.stringify(finishReason(record, calls > 0))
    const usage = includeUsage ? dataEvent({ ...common, choices: [], usage: usageOf(record) }) : ''
    return `${first}${start}{},"finish_reason":${reason}}]}\n\n${usage}${END}`
  }

  return eventStream<ChatRecord>((record) =>
    record.done ? toChunks(record) + ending(record) : toChunks(record),
  )
}

const head = ({ id, created, model }: Identity, object: string) => ({ id, object, created, model })
