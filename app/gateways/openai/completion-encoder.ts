import type { GenerateRecord, TokenLogprob } from '../../domain/native-answer.ts'
import { AS_IT_COMES, type Encoder, rewritten } from '../encoder.ts'
import { dataEvent, eventStream } from '../event-stream.ts'
import { finishReason, type Identity, usageOf } from './answer.ts'

const END = 'data: [DONE]\n\n'

/** Tells a completion as OpenAI's text completion, in one piece. */
export const completionDocument = (identity: Identity): Encoder => ({
  ...AS_IT_COMES,
  document: rewritten((answer: GenerateRecord) => ({
    ...head(identity),
    choices: [
      {
        text: answer.response ?? '',
        index: 0,
        logprobs: textLogprobs(answer.logprobs, 0),
        finish_reason: finishReason(answer, false),
      },
    ],
    usage: usageOf(answer),
  })),
})

/** The same as a stream of its parts. */
export function completionStream(identity: Identity, includeUsage: boolean): Encoder {
  const common = head(identity)
  let written = 0

  const part = (text: string, record: GenerateRecord, finish_reason: string | null): string => {
    const logprobs = textLogprobs(record.logprobs, written)
    written += text.length
    return dataEvent({ ...common, choices: [{ text, index: 0, logprobs, finish_reason }] })
  }

  return eventStream<GenerateRecord>((record) => {
    const { response = '', done } = record
    if (!done) return response === '' ? '' : part(response, record, null)
    const usage = includeUsage ? dataEvent({ ...common, choices: [], usage: usageOf(record) }) : ''
    return part(response, record, finishReason(record, false)) + usage + END
  })
}

const head = ({ id, created, model }: Identity) => ({
  id,
  object: 'text_completion',
  created,
  model,
})

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
