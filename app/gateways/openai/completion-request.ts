import { z } from 'zod'
import { type GenerateRequest, topLogprobs } from '../../domain/native.ts'
import { isEmpty, refused } from '../refused.ts'
import { ollamaExtras, sampling, toOptions } from './sampling.ts'

const isOne = (n: unknown): boolean => n === 1

/** A list of one is as good as the text itself. */
const prompt = z.union([z.string(), z.tuple([z.string()])], {
  error: 'must be one text; send a request for each of several, and no tokens',
})

/** `POST /v1/completions` */
export const completionRequest = z.object({
  model: z.string().optional(),
  prompt: prompt.refine((text) => String(text) !== '', { error: 'must not be empty' }),
  suffix: z.string().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  ...sampling,
  ...ollamaExtras,
  logprobs: topLogprobs,
  n: refused('only one answer is made for each request', isOne),
  best_of: refused('only one answer is made for each request', isOne),
  echo: refused('the prompt is not sent back', (echo) => echo === false),
  logit_bias: refused('tokens can not be biased here', isEmpty),
})

/** A completion that was asked for in OpenAI's words. */
export interface Completion {
  readonly generate: GenerateRequest
  readonly includeUsage: boolean
}

/** The same in Ollama's words. */
export function toGenerate(body: z.infer<typeof completionRequest>): Completion {
  const { model, prompt, suffix, stream, keep_alive, think, logprobs } = body
  return {
    generate: {
      model,
      prompt: String(prompt),
      ...(suffix && { suffix }),
      stream: stream ?? false,
      options: toOptions(body),
      keep_alive,
      think,
      ...(logprobs != null && { logprobs: true, top_logprobs: logprobs }),
    },
    includeUsage: body.stream_options?.include_usage ?? false,
  }
}
