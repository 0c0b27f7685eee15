import type { FinalRecord } from '../../domain/native.ts'
import type { AnswerToolCall, ChatRecord } from '../../domain/native-answer.ts'
import { idOf } from '../id-of.ts'
import { tokenCounts } from '../token-counts.ts'

/** How one answer is told. */
export interface MessageTelling {
  /** Unique. */
  readonly id: string
  /** As the caller calls it. */
  readonly model: string
  /** False when at most one call may be told. */
  readonly callsInParallel: boolean
  readonly tellsThinking: boolean
  /** How many tokens the prompt has, as far as is known before Ollama says it. */
  readonly promptTokens: () => number
  readonly newId: () => string
}

/** A message of which nothing is said yet. */
export const emptyMessage = (telling: MessageTelling) => ({
  ...head(telling),
  content: [],
  ...stopped(null),
  usage: usage(telling.promptTokens(), 0),
})

/** A message of which all is said. */
export function wholeMessage(answer: ChatRecord, telling: MessageTelling) {
  const { callsInParallel, tellsThinking, newId } = telling
  const { content = '', thinking = '', tool_calls } = answer.message ?? {}
  const calls = (tool_calls ?? []).slice(0, callsInParallel ? undefined : 1)
  return {
    ...head(telling),
    content: [
      ...(thinking !== '' && tellsThinking ? [thinkingBlock(thinking)] : []),
      ...(content !== '' ? [textBlock(content)] : []),
      ...calls.map((call) => toolUseBlock(call, newId)),
    ],
    ...stopped(stopReason(answer, calls.length > 0)),
    usage: usageOf(answer, telling),
  }
}

/** What is known of a message only when all is said. */
export const messageEnd = (record: FinalRecord, hasCalls: boolean, telling: MessageTelling) => ({
  delta: stopped(stopReason(record, hasCalls)),
  context_management: null,
  usage: usageOf(record, telling),
})

/** A block of words. Nothing is cited; clients that read `citations` expect a list, and null is none. */
export const textBlock = (text: string) => ({ type: 'text' as const, text })

/** Nobody signs thoughts here, but clients expect that there is something to send back. */
export const thinkingBlock = (thinking: string) => ({
  type: 'thinking' as const,
  thinking,
  signature: '',
})

/** A call; it gets an id where Ollama gives it none. */
export const toolUseBlock = (call: AnswerToolCall, newId: () => string) => ({
  type: 'tool_use' as const,
  id: call.id || idOf('toolu_', newId),
  name: call.function.name,
  input: call.function.arguments ?? {},
  caller: { type: 'direct' as const },
})

const head = ({ id, model }: MessageTelling) => ({
  id,
  type: 'message' as const,
  role: 'assistant' as const,
  model,
  context_management: null,
  diagnostics: null,
})

/** Why a message ended. Which of the stop sequences it met, or that it did, Ollama does not say. */
type StopReason = 'max_tokens' | 'tool_use' | 'end_turn'

const stopped = (stop_reason: StopReason | null) => ({
  container: null,
  stop_details: null,
  stop_reason,
  stop_sequence: null,
})

/** A call that there was no more room for may not be whole. */
function stopReason({ done_reason }: FinalRecord, hasCalls: boolean): StopReason {
  if (done_reason === 'length') return 'max_tokens'
  return hasCalls ? 'tool_use' : 'end_turn'
}

function usageOf(record: FinalRecord, { promptTokens }: MessageTelling) {
  const { prompt, completion } = tokenCounts(record, promptTokens)
  return usage(prompt, completion)
}

/** Nothing is kept of prompts that would make the next one cheaper. */
const usage = (input_tokens: number, output_tokens: number) => ({
  input_tokens,
  output_tokens,
  cache_creation: null,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  fallback_credit: null,
  inference_geo: null,
  iterations: null,
  output_tokens_details: null,
  server_tool_use: null,
  service_tier: null,
  speed: null,
})
