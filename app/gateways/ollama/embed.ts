import { embedRequest } from '../../domain/native.ts'
import { textBytes } from '../../domain/usage.ts'
import { embedForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'

export const embed = operation({
  name: 'embed',
  method: 'POST',
  paths: ['/api/embed', '/v1/embed'],
  permissions: [],
  body: embedRequest,
  model: (body) => body.model,
  work: { promptBytes: (body) => textBytes([body.input].flat()), predictTokens: () => 0 },
  handle: (call, { relay }) => {
    const body = embedForUpstream(call.body, call.model ?? '', call.policy)
    return relay.send(call, { method: 'POST', endpoint: '/api/embed', body: JSON.stringify(body) })
  },
})
