import { chatBytes, chatRequest, predictTokensOf } from '../../domain/native.ts'
import { chatForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'

export const chat = operation({
  name: 'chat',
  method: 'POST',
  paths: ['/api/chat', '/v1/chat'],
  permissions: [],
  body: chatRequest,
  model: (body) => body.model,
  work: { promptBytes: chatBytes, predictTokens: predictTokensOf },
  handle: (call, { relay }) => {
    const body = chatForUpstream(call.body, call.model ?? '', call.policy)
    return relay.send(call, { method: 'POST', endpoint: '/api/chat', body: JSON.stringify(body) })
  },
})
