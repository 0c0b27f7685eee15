import { GatewayError } from '../errors/gateway-error.ts'
import { publicText, upstreamFailure } from '../upstream/errors.ts'
import { countsOf } from '../usage/counts.ts'
import { type Ending, endingOf } from '../usage/meter.ts'
import type { StreamEnd } from '../usage/tap.ts'

/** What went wrong with a stream, in words for its reader; null when nothing did. */
export function failureOf(end: StreamEnd, cutReason: GatewayError | null): GatewayError | null {
  switch (end.kind) {
    case 'done':
      return null
    case 'left':
      return cutReason ?? new GatewayError('client_closed', 'the client went away')
    case 'error-record':
      return new GatewayError('upstream_error', publicText(String(end.record.error)))
    case 'incomplete':
      return (
        cutReason ??
        new GatewayError('upstream_incomplete', 'Ollama ended its answer early; try again')
      )
    case 'broken':
      return cutReason ?? upstreamFailure(end.cause)
  }
}

/** The account of a stream that went well. */
export const doneEnding = (end: StreamEnd): Ending => ({
  status: 200,
  outcome: 'completed',
  ...(end.kind === 'done' && { counts: countsOf(end.record) }),
})

/** Whatever happened to it, the client has seen the status of a stream that had begun. */
export const cutEnding = (reason: GatewayError): Ending => ({ ...endingOf(reason), status: 200 })
