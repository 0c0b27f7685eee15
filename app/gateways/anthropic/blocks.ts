import { z } from 'zod'
import { MEDIA_TYPES, standardBase64 } from '../inline-image.ts'

const MAX_BLOCKS = 1000

/** What is said of a value whose kind is none of those that are known. */
export const noSuchKind = (error: string) => ({
  error: ({ code }: { readonly code?: string | undefined }) =>
    code === 'invalid_union' ? error : undefined,
})

const text = z.object({ type: z.literal('text'), text: z.string() })

const image = z.object({
  type: z.literal('image'),
  source: z.object({
    type: z.literal('base64', {
      error: 'must be "base64"; images are neither fetched nor kept here, send the image itself',
    }),
    media_type: z.enum(MEDIA_TYPES, { error: `must be one of ${MEDIA_TYPES.join(', ')}` }),
    data: z.string().refine((data) => standardBase64(data) !== null, {
      error: 'is not valid base64',
    }),
  }),
})

const document = z.object({
  type: z.literal('document'),
  source: z.object({
    type: z.literal('text', {
      error: 'must be "text"; other documents can not be read here, send what they say as text',
    }),
    data: z.string(),
  }),
  title: z.string().nullish(),
  context: z.string().nullish(),
  citations: z
    .object({
      enabled: z.literal(false, { error: 'nothing is cited here; leave it out' }).nullish(),
    })
    .nullish(),
})

const blocksOf = <Block extends z.ZodType>(block: Block) =>
  z.union([z.string(), z.array(block).max(MAX_BLOCKS)], {
    error: `must be a text or a list of at most ${MAX_BLOCKS} blocks`,
  })

const toolResult = z.object({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: blocksOf(
    z.discriminatedUnion(
      'type',
      [text, image, document],
      noSuchKind('must be text, image or document; no other block can be read here'),
    ),
  ).nullish(),
  is_error: z.boolean().nullish(),
})

const toolUse = z.object({
  type: z.literal('tool_use'),
  id: z.string().min(1, 'must not be empty'),
  name: z.string().min(1, 'must not be empty'),
  input: z.record(z.string(), z.unknown()).nullish(),
})

const thinking = z.object({ type: z.literal('thinking'), thinking: z.string() })
const redactedThinking = z.object({ type: z.literal('redacted_thinking') })

/** Instructions. */
export const systemContent = blocksOf(
  z.discriminatedUnion('type', [text], noSuchKind('must be text')),
)

/** What a user says, and what tools have answered to the model. */
export const userContent = blocksOf(
  z.discriminatedUnion(
    'type',
    [text, image, document, toolResult],
    noSuchKind('must be text, image, document or tool_result; no other block can be read here'),
  ),
)

/** What a model has said, thought and called. */
export const assistantContent = blocksOf(
  z.discriminatedUnion(
    'type',
    [text, toolUse, thinking, redactedThinking],
    noSuchKind(
      'must be text, tool_use, thinking or redacted_thinking; no other block can be read here',
    ),
  ),
)

/** Words. */
export type TextBlock = z.infer<typeof text>
/** What is read or looked at. */
export type SeenBlock = TextBlock | z.infer<typeof image> | z.infer<typeof document>
/** What a tool has answered. */
export type ToolResultBlock = z.infer<typeof toolResult>
/** What the model has called a tool with. */
export type ToolUseBlock = z.infer<typeof toolUse>
