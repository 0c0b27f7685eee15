import type { GenerateRecord, TokenLogprob } from '../../domain/native-answer.ts'
import { AS_IT_COMES, type Encoder, rewrittenAnswer } from '../encoder.ts'
import { eventStream } from '../event-stream.ts'
import { finishReason, headOf, usageOf } from './answer.ts'
import { type ChunkTelling, chunksOf } from './chunks.ts'

const OBJECT = 'text_completion'

/** Tells a completion as OpenAI's text completion, in one piece. */
export const completionDocument = (telling: ChunkTelling): Encoder => ({
  ...AS_IT_COMES,
  document: rewrittenAnswer((answer: GenerateRecord) => ({
    ...headOf(telling.identity, OBJECT),
    choices: [
      {
        text: answer.response ?? '',
        index: 0,
        logprobs: textLogprobs(answer.logprobs, 0),
        finish_reason: finishReason(answer, false),
      },
    ],
    usage: usageOf(answer, telling),
  })),
})

/** The same as a stream of its parts. */
export function completionStream(telling: ChunkTelling): Encoder {
  const chunks = chunksOf(OBJECT, telling)
  let written = 0

  const part = (text: string, record: GenerateRecord, finish_reason: string | null): string => {
    const logprobs = textLogprobs(record.logprobs, written)
    written += text.length
    return chunks.around(JSON.stringify({ text, index: 0, logprobs, finish_reason }))
  }

  return eventStream<GenerateRecord>((record) => {
    const { response = '', done } = record
    if (!done) return response === '' ? '' : part(response, record, null)
    return part(response, record, finishReason(record, false)) + chunks.ending(record)
  })
}

/** In the older form: lists beside each other, with where each token begins in the text. */
function textLogprobs(tokens: readonly TokenLogprob[] | undefined, offset: number) {
  if (!tokens) return null
  let at = offset
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top_logprobs = [] }) =>
      Object.fromEntries(top_logprobs.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: tokens.map(({ token }) => {
      at += token.length
      return at - token.length
    }),
  }
}
