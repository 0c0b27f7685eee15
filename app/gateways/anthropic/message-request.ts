import { z } from 'zod'
import type { ChatRequest } from '../../domain/native.ts'
import { isEmpty, refused } from '../refused.ts'
import { messages, system, toNativeMessages } from './conversation.ts'
import { effort, thinking, toThink } from './thinking.ts'
import { refuseThread } from './thread.ts'
import { offeredTools, toolChoice, tools } from './tools.ts'

const number = z.number().nullish()

/** The form that the answer must have. */
const format = z
  .object({
    type: z.literal('json_schema', { error: 'must be "json_schema"' }),
    schema: z.record(z.string(), z.unknown()),
  })
  .nullish()

/** What a model reads, and what that takes. */
const prompt = {
  messages,
  system,
  tools,
  tool_choice: toolChoice,
  thinking,
  output_config: z.object({ effort, format }).nullish(),
  output_format: format,
  mcp_servers: z.array(z.unknown()).max(0, 'are not reached from here; give their tools').nullish(),
}

/** It may be there without anything in it. */
const asksForNoContainer = (container: unknown): boolean =>
  isEmpty(container) ||
  (typeof container === 'object' &&
    Object.values(container ?? {}).every((value) => value == null || isEmpty(value)))

/** `POST /v1/messages`. What is not named here changes nothing and is left out. */
export const messageRequest = z.object({
  model: z.string().optional(),
  max_tokens: z.int().min(1, 'must be at least 1'),
  ...prompt,
  stream: z.boolean().nullish(),
  temperature: number,
  top_p: number,
  top_k: z.int().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  thread: z.unknown().optional(),
  container: refused('nothing is run here; leave it out', asksForNoContainer),
  compaction: refused('conversations are not summed up here; send them as they are', isEmpty),
  // Those that a model has by default are none here, as for some of Anthropic's.
  fallbacks: refused(
    'no other model is asked here; ask it yourself',
    (value) => value === 'default' || isEmpty(value),
  ),
})

/** `POST /v1/messages/count_tokens`, in which nothing is asked for. */
export const countTokensRequest = z.object({ model: z.string().optional(), ...prompt })

/** A chat that was asked for in Anthropic's words. */
export interface MessageRequest {
  readonly chat: ChatRequest
  /** Whether anything is said of thinking. */
  readonly saysHowToThink: boolean
  /** Whether the model may call several tools at once. */
  readonly callsInParallel: boolean
  /** False when the caller does not want to read what the model thinks, or says nothing of it. */
  readonly tellsThinking: boolean
}

/** The same in Ollama's words. Throws bad_request. */
export function toMessage(body: z.infer<typeof messageRequest>): MessageRequest {
  refuseThread(body.thread)
  const { temperature, top_p, top_k, stop_sequences: stop, max_tokens: num_predict } = body
  const options = { num_predict, temperature, top_p, top_k, stop }
  const set = Object.entries(options).filter(([, value]) => value != null)
  const asked = toPrompt(body)
  const saysHowToThink = (body.thinking ?? body.output_config?.effort) != null
  const isShown = asked.think !== false && body.thinking?.display !== 'omitted'
  return {
    chat: { ...asked, stream: body.stream ?? false, options: Object.fromEntries(set) },
    saysHowToThink,
    callsInParallel: body.tool_choice?.disable_parallel_tool_use !== true,
    tellsThinking: saysHowToThink && isShown,
  }
}

/** What the model is to read, in Ollama's words. Throws bad_request. */
export function toPrompt(body: z.infer<typeof countTokensRequest>): ChatRequest {
  const { model, system, messages, thinking, output_config, output_format } = body
  const offered = offeredTools(body.tools ?? [], body.tool_choice)
  return {
    model,
    messages: toNativeMessages(system, messages),
    think: toThink(thinking, output_config?.effort),
    format: (output_config?.format ?? output_format)?.schema,
    ...(offered.length > 0 && { tools: offered }),
  }
}
