import { bodyOf } from '../../middleware/body.ts'
import { CHAT_WORK, promptTokensOf, sendChat } from '../chat-operation.ts'
import { operation } from '../gateway.ts'
import { idOf } from '../id-of.ts'
import { messageDocument, messageStream } from './message-encoder.ts'
import { messageRequest, toMessage } from './message-request.ts'
import { thinkFor } from './thinking.ts'

/** What is called otherwise than by Ollama. */
const NAMES = {
  format: 'output_config.format.schema',
  'options.stop': 'stop_sequences',
  'options.temperature': 'temperature',
  'options.top_k': 'top_k',
  'options.top_p': 'top_p',
}

/** A model's next message; one that can't think is not asked to. */
export const message = operation({
  name: 'message',
  method: 'POST',
  paths: ['/v1/messages'],
  permissions: [],
  body: bodyOf(messageRequest, toMessage),
  model: ({ chat }) => chat.model,
  work: CHAT_WORK,
  handle: (call, needs) => {
    const { chat, ...told } = call.body
    const telling = {
      ...told,
      id: idOf('msg_', needs.newId),
      model: call.askedModel,
      promptTokens: () => promptTokensOf(chat),
      newId: needs.newId,
    }
    return sendChat(call, needs, {
      think: thinkFor(call.body, call.capabilities),
      names: NAMES,
      encoder: chat.stream ? messageStream(telling) : messageDocument(telling),
    })
  },
})
