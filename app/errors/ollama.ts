import type { StreamDialect } from './dialect.ts'
import { withDetails } from './gateway-error.ts'

/** The native dialect: one line of JSON whose `error` is the text that Ollama's clients show. */
export const ollamaDialect: StreamDialect = {
  mediaType: 'application/json',

  body: (err, requestId) =>
    JSON.stringify(
      withDetails(
        { error: err.message, code: err.code, status: err.status, request_id: requestId },
        err.details,
      ),
    ),

  ending: (err) =>
    `${JSON.stringify(withDetails({ error: err.message, code: err.code }, err.details))}\n`,
}
