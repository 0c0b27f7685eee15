import { generateBytes, predictTokensOf } from '../../domain/native.ts'
import { estimatePromptTokens } from '../../domain/usage.ts'
import { bodyOf } from '../../middleware/body.ts'
import { generateForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'
import { newIdentity } from './answer.ts'
import { completionDocument, completionStream } from './completion-encoder.ts'
import { completionRequest, toGenerate } from './completion-request.ts'
import { thinkForCompletion } from './reasoning.ts'

/** The words that come after some others. */
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
    const asked = { ...generate, think: thinkForCompletion(generate, call.capabilities) }
    const body = JSON.stringify(generateForUpstream(asked, call.model ?? '', call.policy))
    const telling = {
      identity: newIdentity('cmpl-', call.askedModel, needs),
      includeUsage,
      promptTokens: () => estimatePromptTokens(generateBytes(generate)),
    }
    const encoder = generate.stream ? completionStream(telling) : completionDocument(telling)
    return needs.relay.send(call, { method: 'POST', endpoint: '/api/generate', body }, { encoder })
  },
})
