import type { FinalRecord } from '../../domain/native.ts'
import type { AnswerToolCall } from '../../domain/native-answer.ts'
import { idOf } from '../id-of.ts'

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

/** What every answer begins with. */
export const head = ({ id, model }: MessageTelling) => ({
  id,
  type: 'message',
  role: 'assistant',
  model,
})

/** A block of words. */
export const textBlock = (text: string) => ({ type: 'text', text })

/** Nobody signs thoughts here, but clients expect that there is something to send back. */
export const thinkingBlock = (thinking: string) => ({ type: 'thinking', thinking, signature: '' })

/** A call; it gets an id where Ollama gives it none. */
export const toolUseBlock = (call: AnswerToolCall, newId: () => string) => ({
  type: 'tool_use',
  id: call.id ?? idOf('toolu_', newId),
  name: call.function.name,
  input: call.function.arguments ?? {},
})

/** How many tokens something took; nothing is kept of prompts that would make the next one cheaper. */
export const usage = (input_tokens: number, output_tokens: number) => ({
  input_tokens,
  output_tokens,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
})

/** The same as Ollama has counted them; it leaves out what is 0. */
export const usageOf = (record: FinalRecord, { promptTokens }: MessageTelling) =>
  usage(Number(record.prompt_eval_count ?? promptTokens()), Number(record.eval_count ?? 0))

/** Why the answer ended. Which of the stop sequences it met, or that it did, Ollama does not say. */
export function stopReason({ done_reason }: FinalRecord, hasCalls: boolean): string {
  if (hasCalls) return 'tool_use'
  return done_reason === 'length' ? 'max_tokens' : 'end_turn'
}
