import { chatBytes, predictTokensOf } from '../../domain/native.ts'
import { estimatePromptTokens } from '../../domain/usage.ts'
import { bodyOf } from '../../middleware/body.ts'
import { chatForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'
import { idOf } from '../id-of.ts'
import { possibleThinking } from '../possible-thinking.ts'
import { messageDocument, messageStream } from './message-encoder.ts'
import { messageRequest, toMessage } from './message-request.ts'

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
  work: {
    promptBytes: ({ chat }) => chatBytes(chat),
    predictTokens: ({ chat }) => predictTokensOf(chat),
  },
  handle: (call, needs) => {
    const { chat, ...told } = call.body
    const possible = { ...chat, think: possibleThinking(chat.think, call.capabilities) }
    const sent = chatForUpstream(possible, call.model ?? '', call.policy, NAMES)
    const body = JSON.stringify(sent)
    const telling = {
      ...told,
      id: idOf('msg_', needs.newId),
      model: call.askedModel,
      promptTokens: () => estimatePromptTokens(chatBytes(chat)),
      newId: needs.newId,
    }
    const encoder = chat.stream ? messageStream(telling) : messageDocument(telling)
    return needs.relay.send(call, { method: 'POST', endpoint: '/api/chat', body }, { encoder })
  },
})
