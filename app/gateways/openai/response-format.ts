import { z } from 'zod'
import type { ChatRequest } from '../../domain/native.ts'

/** Which form the answer must have. */
export const responseFormat = z
  .object({
    type: z.enum(['text', 'json_object', 'json_schema'], {
      error: 'must be text, json_object or json_schema',
    }),
    json_schema: z.object({ schema: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  })
  .refine(({ type, json_schema }) => type !== 'json_schema' || json_schema != null, {
    error: 'must be there for json_schema',
    path: ['json_schema'],
  })
  .nullish()

/** The same in Ollama's words; undefined for any form. */
export function toFormat(given: z.infer<typeof responseFormat>): ChatRequest['format'] {
  if (given == null || given.type === 'text') return undefined
  return given.json_schema?.schema ?? 'json'
}
