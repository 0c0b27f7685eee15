import { generateBytes, generateRequest, predictTokensOf } from '../../domain/native.ts'
import { bodyOf } from '../../middleware/body.ts'
import { generateForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'
import { nativeEncoder } from './native-encoder.ts'

const EMPTY = { response: '' }

export const generate = operation({
  name: 'generate',
  method: 'POST',
  paths: ['/api/generate', '/v1/generate'],
  permissions: [],
  body: bodyOf(generateRequest),
  model: (body) => body.model,
  work: { promptBytes: generateBytes, predictTokens: predictTokensOf },
  handle: (call, needs) => {
    const body = JSON.stringify(generateForUpstream(call.body, call.model ?? '', call.policy))
    const encoder = nativeEncoder(call, needs, call.body.stream === false ? null : EMPTY)
    return needs.relay.send(call, { method: 'POST', endpoint: '/api/generate', body }, { encoder })
  },
})
