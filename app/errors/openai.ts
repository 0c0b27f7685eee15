import type { ErrorCode } from './codes.ts'
import type { StreamDialect } from './dialect.ts'
import { type GatewayError, withDetails } from './gateway-error.ts'

/** Where OpenAI has a word of its own that programs look for. */
const CODES: Partial<Record<ErrorCode, string>> = {
  unauthorized: 'invalid_api_key',
  limit_reached: 'rate_limit_exceeded',
}

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
  503: 'overloaded_error',
}

/** OpenAI's dialect, with which its clients make the right exception and show the message. */
export const openAiDialect: StreamDialect = {
  mediaType: 'application/json',
  body: (err) => JSON.stringify(openAiError(err)),
  ending: (err) => `data: ${JSON.stringify(openAiError(err))}\n\n`,
}

/** An error as OpenAI's clients read it, in a body as in a stream. */
export const openAiError = (err: GatewayError) => ({
  error: withDetails(
    {
      message: err.message,
      type: TYPES[err.status] ?? (err.status < 500 ? 'invalid_request_error' : 'api_error'),
      param: err.field,
      code: CODES[err.code] ?? err.code,
    },
    err.details,
  ),
})
