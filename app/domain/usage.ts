/** The ways an admitted request can end. */
export type Outcome = 'completed' | 'cancelled' | 'failed' | 'expired'

/** One row of the ledger: what one admitted request used. All durations are whole ms. */
export interface UsageRecord {
  /** Ours, unique, in order of time (UUIDv7). */
  readonly id: string
  /** The id that the caller saw; who may have chosen it, so it need not be unique. */
  readonly requestId: string
  readonly userId: string
  readonly keyId: string
  readonly gateway: string
  readonly operation: string
  readonly model: string | null
  readonly backend: string | null
  readonly promptTokens: number
  readonly completionTokens: number
  /** True when the counts are ours because Ollama gave none. */
  readonly estimated: boolean
  readonly queueMs: number
  readonly loadMs: number
  /** How long a host was busy with it: as Ollama says, else from dispatch to the end. */
  readonly computeMs: number
  readonly firstTokenMs: number | null
  readonly totalMs: number
  readonly status: number
  readonly outcome: Outcome
  readonly errorCode: string | null
  readonly startedAt: number
  readonly endedAt: number
}

/** Tokens of a prompt whose true count nobody reported: about three UTF-8 bytes make one token. */
export const estimatePromptTokens = (bytes: number): number => Math.ceil(bytes / 3)

/**
 * Tokens to reserve for a prompt before anybody has counted it: more than it will turn out to have, so
 * that a limit holds. Two and a half bytes make a token in the densest of usual texts (rare scripts take
 * more; it is the count that is paid), and a model's template adds some of its own.
 */
export const reservePromptTokens = (bytes: number): number => Math.ceil(bytes / 2.5) + 32

/** The fewest tokens that a prompt can turn out to have: words that are one token are no longer. */
export const leastPromptTokens = (bytes: number): number => Math.floor(bytes / 12)

/** The size of some texts in UTF-8 bytes; what is not there counts nothing. */
export const textBytes = (texts: readonly (string | undefined)[]): number =>
  texts.reduce((sum, text = '') => sum + Buffer.byteLength(text), 0)
