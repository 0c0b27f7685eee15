import { CODES } from './codes.ts'
import type { GatewayError } from './gateway-error.ts'

/** Our own API's dialect: problem details as in RFC 9457. */
export const problemBody = (err: GatewayError, requestId: string): string =>
  JSON.stringify({
    type: 'about:blank',
    title: CODES[err.code].title,
    status: err.status,
    detail: err.message,
    code: err.code,
    request_id: requestId,
  })
