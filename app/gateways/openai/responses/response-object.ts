import type { FinalRecord } from '../../../domain/native.ts'
import { type Identity, type PromptTokens, usageOf } from '../answer.ts'
import type { Echo } from './echo.ts'

/** How an answer, or a part of one, is. */
export type Status = 'in_progress' | 'completed' | 'incomplete' | 'failed'

/** How far an answer is. */
export interface Progress {
  readonly status: Status
  readonly output: readonly object[]
  /** The last record; null before it has come. */
  readonly record: FinalRecord | null
  /** When it was completed, in epoch seconds; null when it was not. */
  readonly completedAt: number | null
  /** Why it failed, in words. */
  readonly failure: string | null
}

/** What stays the same of an answer while it is told. */
export interface AnswerBasis extends PromptTokens {
  readonly identity: Identity
  readonly echo: Echo
}

/** An answer as OpenAI's response object, at any moment. */
export const responseOf = (
  basis: AnswerBasis,
  { status, output, record, completedAt, failure }: Progress,
) => ({
  id: basis.identity.id,
  object: 'response',
  created_at: basis.identity.created,
  completed_at: completedAt,
  status,
  error: failure === null ? null : { code: 'server_error', message: failure },
  incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
  model: basis.identity.model,
  output,
  usage: record && tokensOf(record, basis),
  ...basis.echo,
})

/** How many tokens it took. Ollama does not say which of them were thoughts or known already. */
function tokensOf(record: FinalRecord, basis: AnswerBasis) {
  const { prompt_tokens, completion_tokens, total_tokens } = usageOf(record, basis)
  return {
    input_tokens: prompt_tokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: completion_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens,
  }
}
