import { z } from 'zod'
import { textBytes } from './usage.ts'

/** Bounds of what one request may carry; each protects the model runner or this process. */
export const MAX_MESSAGES = 2000
export const MAX_IMAGES = 20
export const MAX_IMAGE_BYTES = 20 * 1024 * 1024
export const MAX_EMBED_INPUTS = 2048
export const MAX_TOOLS = 256
export const MAX_SCHEMA_BYTES = 64 * 1024

const text = z.string()
/** Where it is left out, the gateway may have a default. */
const model = z.string().optional()
const json = z.record(z.string(), z.unknown())
const image = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'must be base64 without a data: prefix')
const images = z.array(image).max(MAX_IMAGES, `at most ${MAX_IMAGES} images`)
const keepAlive = z.union([z.number(), z.string().max(32)])
const think = z.union([z.boolean(), z.enum(['low', 'medium', 'high', 'max'])])
const format = z.union([z.literal(''), z.literal('json'), json])

const toolCall = z.object({
  id: text.optional(),
  function: z.object({
    index: z.int().optional(),
    name: text,
    arguments: json.optional(),
  }),
})

const message = z.object({
  role: text,
  content: text.optional(),
  thinking: text.optional(),
  images: images.nullish(),
  tool_calls: z.array(toolCall).max(MAX_TOOLS).nullish(),
  tool_name: text.optional(),
  tool_call_id: text.optional(),
})

/** How many tokens that were less likely are told beside each. */
export const topLogprobs = z.int().min(0).max(20, 'must be between 0 and 20').nullish()

const generation = {
  model,
  stream: z.boolean().nullish(),
  format: format.nullish(),
  keep_alive: keepAlive.nullish(),
  options: json.nullish(),
  think: think.nullish(),
  truncate: z.boolean().nullish(),
  shift: z.boolean().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: topLogprobs,
}

/** `POST /api/chat` */
export const chatRequest = z.object({
  ...generation,
  messages: z.array(message).max(MAX_MESSAGES, `at most ${MAX_MESSAGES} messages`).nullish(),
  tools: z.array(json).max(MAX_TOOLS, `at most ${MAX_TOOLS} tools`).nullish(),
})
export type ChatRequest = z.infer<typeof chatRequest>
export type NativeMessage = z.infer<typeof message>

/** What a template puts around a message, in bytes. */
const MESSAGE_BYTES = 20
/** What an image costs a model that sees, as if it were text, in bytes; few take more. */
const IMAGE_BYTES = 3000
/** What a token of an earlier context counts as. */
const BYTES_PER_TOKEN = 3

/** How much a model has to read for a chat, in bytes of text: tools, images and all. */
export const chatBytes = ({ messages, tools }: ChatRequest): number =>
  (messages ?? []).reduce(
    (sum, { content, thinking, images, tool_calls }) =>
      sum +
      MESSAGE_BYTES +
      textBytes([content, thinking, tool_calls ? JSON.stringify(tool_calls) : '']) +
      imageBytes(images),
    tools?.length ? textBytes([JSON.stringify(tools)]) : 0,
  )

/** `POST /api/generate` */
export const generateRequest = z.object({
  ...generation,
  prompt: text.optional(),
  suffix: text.optional(),
  system: text.optional(),
  template: text.optional(),
  context: z.array(z.int()).nullish(),
  raw: z.boolean().nullish(),
  images: images.nullish(),
})
export type GenerateRequest = z.infer<typeof generateRequest>

/** The same for a completion. */
export const generateBytes = (body: GenerateRequest): number =>
  textBytes([body.system, body.prompt, body.suffix, body.template]) +
  imageBytes(body.images) +
  (body.context?.length ?? 0) * BYTES_PER_TOKEN

const imageBytes = (images: readonly string[] | null | undefined): number =>
  (images?.length ?? 0) * IMAGE_BYTES

/** The longest answer that is asked for, in tokens; null when that is left open. */
export function predictTokensOf({
  options,
}: {
  readonly options?: Readonly<Record<string, unknown>> | null | undefined
}): number | null {
  const predict = options?.num_predict
  return typeof predict === 'number' && predict >= 0 ? predict : null
}

/** `POST /api/embed` */
export const embedRequest = z.object({
  model,
  input: z.union([text, z.array(text).max(MAX_EMBED_INPUTS, `at most ${MAX_EMBED_INPUTS} inputs`)]),
  truncate: z.boolean().nullish(),
  dimensions: z.int().min(0).nullish(),
  options: json.nullish(),
  keep_alive: keepAlive.nullish(),
})
export type EmbedRequest = z.infer<typeof embedRequest>

/** `POST /api/embeddings`, the older form of embed */
export const embeddingsRequest = z.object({
  model,
  prompt: text.optional(),
  options: json.nullish(),
  keep_alive: keepAlive.nullish(),
})
export type EmbeddingsRequest = z.infer<typeof embeddingsRequest>

/** The final record of a stream, or the only one: the fields that usage is read from. */
export interface FinalRecord {
  readonly done?: boolean
  readonly done_reason?: string
  readonly error?: unknown
  readonly status?: unknown
  readonly load_duration?: unknown
  readonly total_duration?: unknown
  readonly prompt_eval_count?: unknown
  readonly prompt_eval_duration?: unknown
  readonly eval_count?: unknown
  readonly eval_duration?: unknown
}

/** One entry of `GET /api/tags`, as far as we read it; the rest is passed on as it came. */
export interface ListedModel {
  readonly name: string
  readonly model: string
  readonly modified_at: string
  readonly size: number
  readonly digest: string
  readonly remote_host?: string
  readonly capabilities?: readonly string[]
  readonly details?: unknown
  readonly [field: string]: unknown
}
