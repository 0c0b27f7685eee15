import { bodyOf } from '../../../middleware/body.ts'
import { CHAT_WORK, promptTokensOf, sendChat } from '../../chat-operation.ts'
import { operation } from '../../gateway.ts'
import { newIdentity } from '../answer.ts'
import { thinkFor } from '../reasoning.ts'
import { responseDocument, responseStream } from './encoder.ts'
import { responseRequest, toResponse } from './request.ts'

/** What is called otherwise than by Ollama. */
const NAMES = { messages: 'input', format: 'text.format.schema' }

/** A response of which nothing is kept: whoever asks sends the whole conversation. */
export const response = operation({
  name: 'response',
  method: 'POST',
  paths: ['/v1/responses'],
  permissions: [],
  body: bodyOf(responseRequest, toResponse),
  model: ({ chat }) => chat.model,
  work: CHAT_WORK,
  handle: (call, needs) => {
    const { chat, effort: _, ...told } = call.body
    const telling = {
      ...told,
      identity: newIdentity('resp_', call.askedModel, needs),
      promptTokens: () => promptTokensOf(chat),
      newId: needs.newId,
      clock: needs.clock,
    }
    return sendChat(call, needs, {
      think: thinkFor(call.body, call.capabilities),
      names: NAMES,
      encoder: chat.stream ? responseStream(telling) : responseDocument(telling),
    })
  },
})
