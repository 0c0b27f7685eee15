import type { Dialect } from './dialect.ts'
import type { GatewayError } from './gateway-error.ts'

/** The whole response to a refused or failed request, in the caller's dialect. */
export function renderError(err: GatewayError, dialect: Dialect, requestId: string): Response {
  return new Response(dialect.body(err, requestId), {
    status: err.status,
    headers: {
      ...err.headers,
      'content-type': dialect.mediaType,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
    },
  })
}
