import { z } from 'zod'
import { MAX_MESSAGES } from '../../../domain/native.ts'
import { itemContent } from './item-content.ts'

const ROLES = ['user', 'assistant', 'system', 'developer'] as const

const item = z.object({
  type: z.string().nullish(),
  role: z.enum(ROLES, { error: `must be one of ${ROLES.join(', ')}` }).nullish(),
  id: z.string().nullish(),
  content: itemContent,
  summary: z.array(z.object({ text: z.string() })).nullish(),
  encrypted_content: z.string().nullish(),
  call_id: z.string().nullish(),
  name: z.string().nullish(),
  namespace: z.string().nullish(),
  arguments: z.string().nullish(),
  input: z.string().nullish(),
  output: itemContent,
})
/** One thing that was thought, said or done, with the fields of every kind: `type` says which it is. */
export type Item = z.infer<typeof item>

const items = z
  .array(item)
  .min(1, 'must hold at least one item')
  .max(MAX_MESSAGES, `at most ${MAX_MESSAGES} items`)

/** What the model is to answer: a text, or a conversation item by item. */
export const input = z.union([z.string(), items], { error: 'must be a text or a list of items' })
