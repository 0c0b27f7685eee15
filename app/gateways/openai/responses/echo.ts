import { echoOfTools } from './known-tools.ts'
import type { ResponseWire } from './request.ts'

/** What an answer repeats of its request, with OpenAI's defaults for what was left out. */
export const toEcho = (body: ResponseWire) => ({
  access_programs: null,
  background: false,
  conversation: null,
  frequency_penalty: 0,
  instructions: body.instructions ?? null,
  max_output_tokens: body.max_output_tokens ?? null,
  max_tool_calls: body.max_tool_calls ?? null,
  metadata: body.metadata ?? {},
  parallel_tool_calls: body.parallel_tool_calls ?? true,
  presence_penalty: 0,
  previous_response_id: null,
  prompt: null,
  prompt_cache_key: body.prompt_cache_key ?? null,
  reasoning: {
    effort: body.reasoning?.effort ?? null,
    summary: body.reasoning?.summary ?? null,
  },
  safety_identifier: body.safety_identifier ?? null,
  service_tier: 'default',
  store: false,
  // Clients read numbers here; what is left out is left to the model all the same.
  temperature: body.temperature ?? 1,
  text: {
    format: body.text?.format ?? { type: 'text' },
    verbosity: body.text?.verbosity ?? 'medium',
  },
  tool_choice: body.tool_choice ?? 'auto',
  tools: echoOfTools(body.tools ?? []),
  top_logprobs: body.top_logprobs ?? 0,
  top_p: body.top_p ?? 1,
  truncation: body.truncation ?? 'disabled',
  user: body.user ?? null,
})
/** The same when it was made. */
export type Echo = ReturnType<typeof toEcho>
