import { z } from 'zod'
import { topLogprobs } from '../../domain/native.ts'
import { badField } from '../../errors/gateway-error.ts'
import { isEmpty, refused } from '../refused.ts'
import { messages, toNativeMessages } from './chat-messages.ts'
import { offeredTools, toolChoice, tools } from './chat-tools.ts'
import { type AskedThinking, effort, toThink } from './reasoning.ts'
import { responseFormat, toFormat } from './response-format.ts'
import { ollamaExtras, sampling, toOptions } from './sampling.ts'

const onlyText = (value: unknown): boolean =>
  Array.isArray(value) && value.every((modality) => modality === 'text')

/** `POST /v1/chat/completions`. What is not named here changes nothing and is left out. */
export const chatCompletionRequest = z.object({
  model: z.string().optional(),
  messages,
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  ...sampling,
  ...ollamaExtras,
  tools,
  tool_choice: toolChoice,
  parallel_tool_calls: z.boolean().nullish(),
  response_format: responseFormat,
  reasoning_effort: effort,
  reasoning: z.object({ effort }).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: topLogprobs,
  n: refused('only one answer is made for each request', (n) => n === 1),
  logit_bias: refused('tokens can not be biased here', isEmpty),
  modalities: refused('only text is answered here', onlyText),
  audio: refused('only text is answered here'),
  functions: refused('give functions as tools', isEmpty),
  function_call: refused('choose functions with tool_choice', (v) => v === 'auto' || v === 'none'),
  web_search_options: refused('the web is not searched here'),
  moderation: refused('nothing is moderated here'),
})

/** A chat that was asked for in OpenAI's words. */
export interface ChatCompletion extends AskedThinking {
  readonly includeUsage: boolean
  /** Whether the model may call several tools at once. */
  readonly callsInParallel: boolean
}

/** The same in Ollama's words. Throws bad_request. */
export function toChat(body: z.infer<typeof chatCompletionRequest>): ChatCompletion {
  const { model, stream, keep_alive, think, logprobs, top_logprobs } = body
  if (top_logprobs && !logprobs) throw badField('top_logprobs', 'takes logprobs: true')
  const offered = offeredTools(body.tools ?? [], body.tool_choice)
  return {
    chat: {
      model,
      stream: stream ?? false,
      messages: toNativeMessages(body.messages),
      options: toOptions(body),
      keep_alive,
      think,
      format: toFormat(body.response_format),
      ...(offered.length > 0 && { tools: offered }),
      ...(logprobs && { logprobs: true, top_logprobs: top_logprobs ?? 0 }),
    },
    effort: toThink(body.reasoning?.effort ?? body.reasoning_effort),
    includeUsage: body.stream_options?.include_usage ?? false,
    callsInParallel: body.parallel_tool_calls ?? true,
  }
}
