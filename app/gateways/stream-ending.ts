import { GatewayError } from '../errors/gateway-error.ts'
import { upstreamFailure } from '../upstream/errors.ts'
import { countsOf } from '../usage/counts.ts'
import { type Ending, endingOf } from '../usage/ending.ts'
import type { StreamEnd } from '../usage/tap.ts'

/**
 * What went wrong with a stream, in words for its reader, with Ollama's own as `tell` tells them; null when
 * nothing did.
 */
export function failureOf(
  end: StreamEnd,
  cutReason: GatewayError | null,
  tell: (text: string) => string,
): GatewayError | null {
  switch (end.kind) {
    case 'done':
      return null
    case 'left':
      return cutReason ?? new GatewayError('client_closed', 'the client went away')
    case 'error-record':
      return new GatewayError('upstream_error', tell(textOfError(end.record.error)))
    case 'incomplete':
      return (
        cutReason ??
        new GatewayError('upstream_incomplete', 'Ollama ended its answer early; try again')
      )
    case 'broken':
      return cutReason ?? upstreamFailure(end.cause)
    case 'senseless':
      return cutReason ?? senselessAnswer(end.cause)
  }
}

/** What a caller is told when an answer has not the form that it should have. */
export const senselessAnswer = (cause: unknown): GatewayError =>
  cause instanceof GatewayError
    ? cause
    : new GatewayError('upstream_error', 'Ollama gave an answer that makes no sense; try again', {
        cause,
      })

/** Ollama's errors are texts; what stands before it may have other ideas. */
export function textOfError(error: unknown): string {
  if (typeof error === 'string') return error
  const message = (error as { message?: unknown } | null)?.message
  return typeof message === 'string' ? message : 'Ollama failed without saying why'
}

/** The account of a stream that went well. */
export const doneEnding = (end: StreamEnd): Ending => ({
  status: 200,
  outcome: 'completed',
  ...(end.kind === 'done' && { counts: countsOf(end.record) }),
})

/** Whatever happened to it, the client has seen the status of a stream that had begun. */
export const cutEnding = (reason: GatewayError): Ending => ({ ...endingOf(reason), status: 200 })
