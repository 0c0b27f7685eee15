/** What may come with an error's message. */
export type CliErrorOptions = { readonly hint?: string; readonly cause?: unknown }

/** A failure whose message is meant for people: printed as it stands, without a stack; exit 1. */
export class CliError extends Error {
  override readonly name: string = 'CliError'
  /** What to do about it, printed on a line of its own. */
  readonly hint: string | undefined

  constructor(message: string, { hint, cause }: CliErrorOptions = {}) {
    super(message, { cause })
    this.hint = hint
  }
}

/** The command line itself is wrong: exit 2. */
export class UsageError extends CliError {
  override readonly name = 'UsageError'
}

/** Somebody pressed Ctrl-C at a prompt: nothing is printed; exit 130. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
}
