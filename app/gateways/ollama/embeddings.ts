import { embeddingsRequest } from '../../domain/native.ts'
import { textBytes } from '../../domain/usage.ts'
import { bodyOf } from '../../middleware/body.ts'
import { embedForUpstream } from '../../upstream/policy.ts'
import { operation } from '../gateway.ts'

/** The older form of embed. Ollama reports no token count for it, so the ledger's is an estimate. */
export const embeddings = operation({
  name: 'embeddings',
  method: 'POST',
  paths: ['/api/embeddings'],
  permissions: [],
  body: bodyOf(embeddingsRequest),
  model: (body) => body.model,
  work: { promptBytes: (body) => textBytes([body.prompt]), predictTokens: () => 0 },
  handle: (call, { relay }) => {
    const body = embedForUpstream(call.body, call.model ?? '', call.policy)
    return relay.send(call, {
      method: 'POST',
      endpoint: '/api/embeddings',
      body: JSON.stringify(body),
    })
  },
})
