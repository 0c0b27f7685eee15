import { chatBytes, predictTokensOf } from '../../../domain/native.ts'
import { bodyOf } from '../../../middleware/body.ts'
import { chatForUpstream } from '../../../upstream/policy.ts'
import { operation } from '../../gateway.ts'
import { newIdentity } from '../answer.ts'
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
  work: {
    promptBytes: ({ chat }) => chatBytes(chat),
    predictTokens: ({ chat }) => predictTokensOf(chat),
  },
  handle: (call, needs) => {
    const { chat, ...told } = call.body
    const body = JSON.stringify(chatForUpstream(chat, call.model ?? '', call.policy, NAMES))
    const identity = newIdentity('resp_', call.askedModel, needs)
    const { newId, clock } = needs
    const telling = { ...told, identity, newId, clock }
    const encoder = chat.stream ? responseStream(telling) : responseDocument(telling)
    return needs.relay.send(call, { method: 'POST', endpoint: '/api/chat', body }, { encoder })
  },
})
