import type { StreamDialect } from './dialect.ts'
import { type GatewayError, withDetails } from './gateway-error.ts'

/** The types of errors that Anthropic documents, by status. */
const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

/** Anthropic's dialect. In a stream it is an event of its own. */
export const anthropicDialect: StreamDialect = {
  mediaType: 'application/json',
  requestIdHeader: 'request-id',
  body: (err, requestId) => JSON.stringify(members(err, requestId)),
  ending: (err, requestId) => `event: error\ndata: ${JSON.stringify(members(err, requestId))}\n\n`,
}

const members = (err: GatewayError, requestId: string): object => ({
  type: 'error',
  error: withDetails(
    {
      type: TYPES[err.status] ?? (err.status < 500 ? 'invalid_request_error' : 'api_error'),
      message: err.message,
      code: err.code,
    },
    err.details,
  ),
  request_id: requestId,
})
