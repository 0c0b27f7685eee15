/** One use of an API key. */
export interface KeyUse {
  readonly keyId: string
  /** From where, or null when that can't be told. */
  readonly address: string | null
  /** What the client calls itself. */
  readonly agent: string | null
}
