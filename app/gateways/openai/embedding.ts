import { z } from 'zod'
import { type EmbedRequest, MAX_EMBED_INPUTS } from '../../domain/native.ts'
import type { EmbedAnswer } from '../../domain/native-answer.ts'
import { estimatePromptTokens, textBytes } from '../../domain/usage.ts'
import { bodyOf } from '../../middleware/body.ts'
import { embedForUpstream } from '../../upstream/policy.ts'
import { AS_IT_COMES, rewritten } from '../encoder.ts'
import { operation } from '../gateway.ts'
import { tokenCounts } from '../token-counts.ts'
import { ollamaExtras } from './sampling.ts'

const NO_TOKENS = 'must be a text or a list of texts; lists of tokens can not be read'
const texts = z
  .array(z.string({ error: NO_TOKENS }))
  .min(1, 'must not be empty')
  .max(MAX_EMBED_INPUTS, `at most ${MAX_EMBED_INPUTS} inputs`)

const embeddingRequest = z.object({
  model: z.string().optional(),
  input: z.union([z.string(), texts], { error: NO_TOKENS }),
  dimensions: z.int().min(1, 'must be at least 1').nullish(),
  encoding_format: z
    .string()
    .refine((format) => /^(float|base64)$/i.test(format), { error: 'must be float or base64' })
    .nullish(),
  options: ollamaExtras.options,
  keep_alive: ollamaExtras.keep_alive,
})

interface Embedding {
  readonly embed: EmbedRequest
  readonly isBase64: boolean
}

const toEmbed = ({
  input,
  encoding_format,
  ...rest
}: z.infer<typeof embeddingRequest>): Embedding => ({
  embed: { ...rest, input: [input].flat() },
  isBase64: encoding_format?.toLowerCase() === 'base64',
})

const promptBytes = ({ embed }: Embedding): number => textBytes([embed.input].flat())

/** Vectors for texts; the official clients ask for them in base64, and nobody notices. */
export const embedding = operation({
  name: 'embedding',
  method: 'POST',
  paths: ['/v1/embeddings'],
  permissions: [],
  body: bodyOf(embeddingRequest, toEmbed),
  model: ({ embed }) => embed.model,
  work: { promptBytes, predictTokens: () => 0 },
  handle: (call, { relay }) => {
    const { embed, isBase64 } = call.body
    const body = JSON.stringify(embedForUpstream(embed, call.model ?? '', call.policy))
    const document = rewritten((answer: EmbedAnswer) => {
      const estimate = () => estimatePromptTokens(promptBytes(call.body))
      const { prompt } = tokenCounts(answer, estimate)
      return {
        object: 'list',
        data: answer.embeddings.map((vector, index) => ({
          object: 'embedding',
          index,
          embedding: isBase64 ? toBase64(vector) : vector,
        })),
        model: call.askedModel,
        usage: { prompt_tokens: prompt, total_tokens: prompt },
      }
    })
    const encoder = { ...AS_IT_COMES, document }
    return relay.send(call, { method: 'POST', endpoint: '/api/embed', body }, { encoder })
  },
})

/** As little-endian 32-bit floats. */
function toBase64(vector: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  vector.forEach((value, i) => void view.setFloat32(i * 4, value, true))
  return Buffer.from(view.buffer).toString('base64')
}
