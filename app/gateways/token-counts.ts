import type { FinalRecord } from '../domain/native.ts'
import { countsOf } from '../usage/counts.ts'

/** How many tokens something took. */
export interface TokenCounts {
  readonly prompt: number
  readonly completion: number
}

/**
 * The same as the ledger will have it: as Ollama says, and where it does not, or says nonsense, the
 * estimate for the prompt.
 */
export function tokenCounts(record: FinalRecord, estimatePrompt: () => number): TokenCounts {
  const { promptTokens, completionTokens } = countsOf(record)
  return { prompt: promptTokens ?? estimatePrompt(), completion: completionTokens ?? 0 }
}
