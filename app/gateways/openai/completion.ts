import { generateBytes, predictTokensOf } from '../../domain/native.ts'
import { bodyOf } from '../../middleware/body.ts'
import { generateForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'
import { newIdentity } from './answer.ts'
import { completionDocument, completionStream } from './completion-encoder.ts'
import { completionRequest, toGenerate } from './completion-request.ts'

export const completion = operation({
  name: 'completion',
  method: 'POST',
  paths: ['/v1/completions'],
  permissions: [],
  body: bodyOf(completionRequest, toGenerate),
  model: ({ generate }) => generate.model,
  work: {
    promptBytes: ({ generate }) => generateBytes(generate),
    predictTokens: ({ generate }) => predictTokensOf(generate),
  },
  handle: (call, needs) => {
    const { generate, includeUsage } = call.body
    const body = JSON.stringify(generateForUpstream(generate, call.model ?? '', call.policy))
    const identity = newIdentity('cmpl-', call.askedModel, needs)
    const encoder = generate.stream
      ? completionStream(identity, includeUsage)
      : completionDocument(identity)
    return needs.relay.send(call, { method: 'POST', endpoint: '/api/generate', body }, { encoder })
  },
})
