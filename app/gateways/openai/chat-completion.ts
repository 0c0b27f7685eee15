import { chatBytes, predictTokensOf } from '../../domain/native.ts'
import { bodyOf } from '../../middleware/body.ts'
import { chatForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'
import { newIdentity } from './answer.ts'
import { chatDocument, chatStream } from './chat-encoder.ts'
import { chatCompletionRequest, toChat } from './chat-request.ts'

/** What is called otherwise than by Ollama. */
const NAMES = { format: 'response_format.json_schema.schema' }

export const chatCompletion = operation({
  name: 'chat-completion',
  method: 'POST',
  paths: ['/v1/chat/completions'],
  permissions: [],
  body: bodyOf(chatCompletionRequest, toChat),
  model: ({ chat }) => chat.model,
  work: {
    promptBytes: ({ chat }) => chatBytes(chat),
    predictTokens: ({ chat }) => predictTokensOf(chat),
  },
  handle: (call, needs) => {
    const { chat, ...told } = call.body
    const body = JSON.stringify(chatForUpstream(chat, call.model ?? '', call.policy, NAMES))
    const identity = newIdentity('chatcmpl-', call.askedModel, needs)
    const telling = { ...told, identity, newId: needs.newId }
    const encoder = chat.stream ? chatStream(telling) : chatDocument(telling)
    return needs.relay.send(call, { method: 'POST', endpoint: '/api/chat', body }, { encoder })
  },
})
