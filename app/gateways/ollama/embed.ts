import { embedRequest } from '../../domain/native.ts'
import { textBytes } from '../../domain/usage.ts'
import { bodyOf } from '../../middleware/body.ts'
import { embedForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'
import { nativeEncoder } from './native-encoder.ts'

export const embed = operation({
  name: 'embed',
  method: 'POST',
  paths: ['/api/embed', '/v1/embed'],
  permissions: [],
  body: bodyOf(embedRequest),
  model: (body) => body.model,
  work: { promptBytes: (body) => textBytes([body.input].flat()), predictTokens: () => 0 },
  handle: (call, needs) => {
    const body = JSON.stringify(embedForUpstream(call.body, call.model ?? '', call.policy))
    const encoder = nativeEncoder(call, needs)
    return needs.relay.send(call, { method: 'POST', endpoint: '/api/embed', body }, { encoder })
  },
})
