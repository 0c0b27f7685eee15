import { chatBytes, chatRequest, predictTokensOf } from '../../domain/native.ts'
import { bodyOf } from '../../middleware/body.ts'
import { chatForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'
import { nativeEncoder } from './native-encoder.ts'

const EMPTY = { message: { role: 'assistant', content: '' } }

export const chat = operation({
  name: 'chat',
  method: 'POST',
  paths: ['/api/chat', '/v1/chat'],
  permissions: [],
  body: bodyOf(chatRequest),
  model: (body) => body.model,
  work: { promptBytes: chatBytes, predictTokens: predictTokensOf },
  handle: (call, needs) => {
    const body = JSON.stringify(chatForUpstream(call.body, call.model ?? '', call.policy))
    const encoder = nativeEncoder(call, needs, call.body.stream === false ? null : EMPTY)
    return needs.relay.send(call, { method: 'POST', endpoint: '/api/chat', body }, { encoder })
  },
})
