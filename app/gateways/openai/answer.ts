import type { FinalRecord } from '../../domain/native.ts'
import type { AnswerToolCall, TokenLogprob } from '../../domain/native-answer.ts'
import { idOf } from '../id-of.ts'
import { tokenCounts } from '../token-counts.ts'

/** What every chunk and answer of one request has in common. */
export interface Identity {
  /** Unique, unlike Ollama's own. */
  readonly id: string
  /** In epoch seconds. */
  readonly created: number
  /** As the caller calls it. */
  readonly model: string
}

/** What it takes to make one. */
export interface IdentityNeeds {
  readonly newId: () => string
  readonly clock: { now(): number }
}

/** A new identity; `prefix` says of what, as OpenAI's ids do. */
export const newIdentity = (
  prefix: string,
  model: string,
  { newId, clock }: IdentityNeeds,
): Identity => ({
  id: idOf(prefix, newId),
  created: Math.floor(clock.now() / 1000),
  model,
})

/** What every chunk and answer begins with; `object` says what it is. */
export const headOf = ({ id, created, model }: Identity, object: string) => ({
  id,
  object,
  created,
  model,
})

/** Something whose prompt can be estimated. */
export interface PromptTokens {
  /** How many tokens the prompt has, as far as is known before Ollama says it. */
  readonly promptTokens: () => number
}

/** How many tokens it took, as the ledger has it. */
export function usageOf(record: FinalRecord, { promptTokens }: PromptTokens) {
  const { prompt, completion } = tokenCounts(record, promptTokens)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  }
}

/** Why the answer ended; Ollama says `stop` for tool calls as well. */
export function finishReason({ done_reason }: FinalRecord, hasCalls: boolean): string {
  if (done_reason === 'length') return 'length'
  return hasCalls ? 'tool_calls' : 'stop'
}

/** A call as OpenAI has it: with an id, and its arguments as text. */
export const toolCallOf = (call: AnswerToolCall, index: number, newId: () => string) => ({
  index,
  id: call.id || idOf('call_', newId),
  type: 'function',
  function: { name: call.function.name, arguments: JSON.stringify(call.function.arguments ?? {}) },
})

/** How likely tokens were; null where that was not asked for. */
export const logprobsOf = (tokens: readonly TokenLogprob[] | undefined) =>
  tokens && {
    content: tokens.map(({ token, logprob, bytes = null, top_logprobs = [] }) => ({
      token,
      logprob,
      bytes,
      top_logprobs: top_logprobs.map((other) => ({ bytes: null, ...other })),
    })),
    refusal: null,
  }
