import type { StreamDialect } from '../errors/dialect.ts'

/**
 * How Ollama's answer to one request is told to its caller. One for each request: it may remember what
 * it has said.
 */
export interface Encoder {
  /** The media type of a stream. */
  readonly mediaType: string
  /**
   * Whole lines of records, the last one of the answer among them, as the caller reads them; they may
   * say nothing. Null leaves them as they are.
   */
  readonly lines: ((lines: Uint8Array) => Uint8Array) | null
  /**
   * The body of an answer in one piece; what it throws makes the answer a failed one. Null when all
   * is told as a stream.
   */
  readonly document: ((answer: Uint8Array) => Uint8Array | string) | null
  /** What says to a caller who waits for a stream that we are still there; null when none waits. */
  readonly heartbeat: (() => string) | null
  /** What ends a stream in which something failed, where that is not what the dialect says. */
  readonly ending?: StreamDialect['ending']
}

const utf8 = new TextDecoder()

/** Leaves an answer as it comes. */
export const AS_IT_COMES: Encoder = {
  mediaType: 'application/x-ndjson',
  lines: null,
  document: (answer) => answer,
  heartbeat: null,
}

/** Leaves a stream as it comes, and changes an answer that comes in one piece. */
export const rewriting = (rewrite: (answer: Record<string, unknown>) => object): Encoder => ({
  ...AS_IT_COMES,
  document: rewritten(rewrite),
})

/** An answer in one piece, changed. */
export const rewritten =
  <Answer extends object>(rewrite: (answer: Answer) => object) =>
  (answer: Uint8Array): string =>
    JSON.stringify(rewrite(JSON.parse(utf8.decode(answer)) as Answer))
