import { z } from 'zod'
import { topLogprobs } from '../../../domain/native.ts'
import { isEmpty, refused } from '../../refused.ts'
import { type AskedThinking, effort, toThink } from '../reasoning.ts'
import { ollamaExtras, sampling, toOptions } from '../sampling.ts'
import { type Echo, toEcho } from './echo.ts'
import { input } from './input.ts'
import { messagesOf } from './input-messages.ts'
import { toKnownTools, tools } from './known-tools.ts'
import { formatOf, text } from './text.ts'
import { offeredKnownTools, toolChoice } from './tool-choice.ts'
import type { ToldTool } from './tool-names.ts'

const KEPT = 'nothing is kept here; send the whole conversation as input'

/** `POST /v1/responses`. What is not named here changes nothing and is left out. */
export const responseRequest = z.object({
  model: z.string().optional(),
  input,
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  temperature: sampling.temperature,
  top_p: sampling.top_p,
  max_output_tokens: sampling.max_tokens,
  ...ollamaExtras,
  tools,
  tool_choice: toolChoice,
  parallel_tool_calls: z.boolean().nullish(),
  max_tool_calls: z.int().nullish(),
  reasoning: z.object({ effort, summary: z.string().nullish() }).nullish(),
  text,
  include: z.array(z.string()).nullish(),
  top_logprobs: topLogprobs,
  truncation: z.enum(['auto', 'disabled'], { error: 'must be auto or disabled' }).nullish(),
  metadata: z.record(z.string(), z.string({ error: 'must be a text' })).nullish(),
  prompt_cache_key: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  user: z.string().nullish(),
  previous_response_id: refused(KEPT, isEmpty),
  conversation: refused(KEPT, isEmpty),
  background: refused('nothing runs in the background here', (value) => value === false),
  prompt: refused('no prompts are kept here; send the text as instructions or input'),
  context_management: refused('conversations are not compacted here', isEmpty),
  moderation: refused('nothing is moderated here'),
})
/** The same when it was read. */
export type ResponseWire = z.infer<typeof responseRequest>

/** A response that was asked for in OpenAI's words. */
export interface ResponseRequest extends AskedThinking {
  /** What its answer repeats of it. */
  readonly echo: Echo
  /** The tools by the names that the model knows. */
  readonly toolsByName: ReadonlyMap<string, ToldTool>
  /** Whether the model may call several tools at once. */
  readonly callsInParallel: boolean
  /** Whether its thinking is wanted in the form in which it is handed back. */
  readonly sealsThinking: boolean
}

/** The same in Ollama's words. Throws bad_request. */
export function toResponse(body: ResponseWire): ResponseRequest {
  const { model, stream, keep_alive, think, max_output_tokens, include, top_logprobs } = body
  const known = toKnownTools(body.tools ?? [])
  const offered = offeredKnownTools(known, body.tool_choice)
  const hasLogprobs = !!top_logprobs || include?.includes('message.output_text.logprobs')
  return {
    chat: {
      model,
      stream: stream ?? false,
      messages: messagesOf(body.input, body.instructions),
      options: toOptions({ ...body, max_tokens: max_output_tokens }),
      keep_alive,
      think,
      format: formatOf(body.text),
      ...(offered.length > 0 && { tools: offered }),
      ...(hasLogprobs && { logprobs: true, top_logprobs: top_logprobs ?? 0 }),
      // Who says it would rather have no answer than one to a part of the conversation.
      ...(body.truncation === 'disabled' && { truncate: false }),
    },
    effort: toThink(body.reasoning?.effort),
    echo: toEcho(body),
    toolsByName: new Map(known.map(({ tool, told }) => [tool.function.name, told])),
    callsInParallel: body.parallel_tool_calls ?? true,
    sealsThinking: include?.includes('reasoning.encrypted_content') ?? false,
  }
}
