import type { Outcome } from '../domain/usage.ts'
import type { ErrorCode } from '../errors/codes.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { ReportedCounts } from './counts.ts'

/** How a request ended, and what Ollama said that it used. */
export interface Ending {
  readonly status: number
  readonly outcome: Outcome
  readonly errorCode?: string
  readonly counts?: ReportedCounts
}

const CANCELLATIONS = new Set<ErrorCode>([
  'client_closed',
  'revoked',
  'shutting_down',
  'limit_reached',
])

/** A request that the client or we ended is cancelled; one that could not be answered has failed. */
export const endingOf = ({ code, status }: GatewayError): Ending => ({
  status,
  outcome: CANCELLATIONS.has(code) ? 'cancelled' : 'failed',
  errorCode: code,
})

/** Answers that take too long could be asked for on purpose: they are none. */
export const isUpstreamFailure = ({ outcome, errorCode }: Ending): boolean =>
  outcome === 'failed' && errorCode !== 'upstream_timeout'
