/** How to point programs at a gateway. */
export interface ClientHints {
  /** Whose API it speaks. */
  readonly title: string
  /** The programs that it is for. */
  readonly programs: string
  /** What to copy: the address that such programs take first. */
  readonly examples: readonly Example[]
  /** What else there is to know. */
  readonly note?: string
}

/** Something to copy. */
export interface Example {
  readonly label: string
  readonly code: string
}

/** What hints are made of. */
export interface HintOptions {
  /** Where the gateway is, as a whole address. */
  readonly base: string
  /** What stands for the caller's key. */
  readonly key: string
  /** Whether a key is accepted in the path. */
  readonly takesKeyInPath: boolean
}
