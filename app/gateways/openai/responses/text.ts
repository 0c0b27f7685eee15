import { z } from 'zod'
import type { ChatRequest } from '../../../domain/native.ts'
import { toFormat } from '../response-format.ts'

const format = z
  .object({
    type: z.enum(['text', 'json_object', 'json_schema'], {
      error: 'must be text, json_object or json_schema',
    }),
    name: z.string().nullish(),
    description: z.string().nullish(),
    schema: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  })
  .refine(({ type, schema }) => type !== 'json_schema' || schema != null, {
    error: 'must be there for json_schema',
    path: ['schema'],
  })
  .nullish()

/** Which form the answer must have, and how wordy it should be, which is left to the model. */
export const text = z.object({ format, verbosity: z.string().nullish() }).nullish()
/** The same when it was read. */
export type Text = z.infer<typeof text>

/** The form in Ollama's words; undefined for any form. */
export const formatOf = (text: Text): ChatRequest['format'] =>
  toFormat(text?.format && { type: text.format.type, json_schema: text.format })
