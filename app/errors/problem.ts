import { CODES, type Code } from './codes.ts'
import { type GatewayError, withDetails } from './gateway-error.ts'

/** Our own API's dialect: problem details as in RFC 9457. */
export function problemBody(err: GatewayError, requestId: string): string {
  const { type = 'about:blank', title }: Code = CODES[err.code]
  const members = {
    type,
    title,
    status: err.status,
    detail: err.message,
    code: err.code,
    request_id: requestId,
  }
  return JSON.stringify(withDetails(members, { ...err.problemDetails, ...err.details }))
}
