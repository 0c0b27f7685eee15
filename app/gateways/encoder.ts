import type { FinalRecord } from '../domain/native.ts'
import type { StreamDialect } from '../errors/dialect.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { publicText } from '../upstream/errors.ts'
import { textOfError } from './stream-ending.ts'

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

/** An answer in one piece, changed. What is none is not told as one: it throws. */
export const rewritten =
  <Answer extends object>(rewrite: (answer: Answer) => object) =>
  (answer: Uint8Array): string =>
    JSON.stringify(rewrite(objectIn(answer) as Answer))

/** The same for the answer of a model, which has to be whole. */
export const rewrittenAnswer = <Answer extends FinalRecord>(rewrite: (answer: Answer) => object) =>
  rewritten((answer: Answer) => {
    if (answer.done === true) return rewrite(answer)
    throw new GatewayError('upstream_incomplete', 'Ollama ended its answer early; try again')
  })

function objectIn(answer: Uint8Array): object {
  if (answer.length === 0) throw new GatewayError('upstream_incomplete', 'Ollama gave no answer')
  const value: unknown = JSON.parse(utf8.decode(answer))
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Error('the answer is no object')
  }
  refuseError(value)
  return value
}

/** Throws upstream_error for a record that tells of a failure, whatever else it says. */
export function refuseError({ error }: FinalRecord): void {
  if (error == null) return
  throw new GatewayError('upstream_error', publicText(textOfError(error)))
}
