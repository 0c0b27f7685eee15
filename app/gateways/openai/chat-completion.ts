import { bodyOf } from '../../middleware/body.ts'
import { CHAT_WORK, promptTokensOf, sendChat } from '../chat-operation.ts'
import { operation } from '../gateway.ts'
import { newIdentity } from './answer.ts'
import { chatDocument, chatStream } from './chat-encoder.ts'
import { chatCompletionRequest, toChat } from './chat-request.ts'
import { thinkFor } from './reasoning.ts'

/** What is called otherwise than by Ollama. */
const NAMES = { format: 'response_format.json_schema.schema' }

/** What a model says next in a chat. */
export const chatCompletion = operation({
  name: 'chat-completion',
  method: 'POST',
  paths: ['/v1/chat/completions'],
  permissions: [],
  body: bodyOf(chatCompletionRequest, toChat),
  model: ({ chat }) => chat.model,
  work: CHAT_WORK,
  handle: (call, needs) => {
    const { chat, includeUsage, callsInParallel } = call.body
    const telling = {
      identity: newIdentity('chatcmpl-', call.askedModel, needs),
      includeUsage,
      callsInParallel,
      promptTokens: () => promptTokensOf(chat),
      newId: needs.newId,
    }
    return sendChat(call, needs, {
      think: thinkFor(call.body, call.capabilities),
      names: NAMES,
      encoder: chat.stream ? chatStream(telling) : chatDocument(telling),
    })
  },
})
