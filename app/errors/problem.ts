import { CODES, type Code } from './codes.ts'
import type { Dialect } from './dialect.ts'
import { withDetails } from './gateway-error.ts'

/** Our own API's dialect: problem details as in RFC 9457. */
export const problemDialect: Dialect = {
  mediaType: 'application/problem+json',

  body(err, requestId) {
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
  },
}
