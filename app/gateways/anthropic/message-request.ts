import { z } from 'zod'
import type { ChatRequest } from '../../domain/native.ts'
import { messages, system, toNativeMessages } from './messages.ts'
import { effort, thinking, toThink } from './thinking.ts'
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
})

/** `POST /v1/messages/count_tokens`, in which nothing is asked for. */
export const countTokensRequest = z.object({ model: z.string().optional(), ...prompt })

/** A chat that was asked for in Anthropic's words. */
export interface MessageRequest {
  readonly chat: ChatRequest
  /** Whether the model may call several tools at once. */
  readonly callsInParallel: boolean
  /** False when the caller does not want to read what the model thinks. */
  readonly tellsThinking: boolean
}

/** The same in Ollama's words. Throws bad_request. */
export function toMessage(body: z.infer<typeof messageRequest>): MessageRequest {
  const { temperature, top_p, top_k, stop_sequences: stop, max_tokens: num_predict } = body
  const options = { num_predict, temperature, top_p, top_k, stop }
  const set = Object.entries(options).filter(([, value]) => value != null)
  return {
    chat: { ...toPrompt(body), stream: body.stream ?? false, options: Object.fromEntries(set) },
    callsInParallel: body.tool_choice?.disable_parallel_tool_use !== true,
    tellsThinking: body.thinking?.display !== 'omitted',
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
