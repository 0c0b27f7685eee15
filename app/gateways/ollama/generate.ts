import { generateBytes, generateRequest, predictTokensOf } from '../../domain/native.ts'
import { generateForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'

export const generate = operation({
  name: 'generate',
  method: 'POST',
  paths: ['/api/generate', '/v1/generate'],
  permissions: [],
  body: generateRequest,
  model: (body) => body.model,
  work: { promptBytes: generateBytes, predictTokens: predictTokensOf },
  handle: (call, { relay }) => {
    const body = generateForUpstream(call.body, call.model ?? '', call.policy)
    return relay.send(call, {
      method: 'POST',
      endpoint: '/api/generate',
      body: JSON.stringify(body),
    })
  },
})
