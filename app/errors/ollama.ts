import { type GatewayError, withDetails } from './gateway-error.ts'

/** The native dialect: one line of JSON whose `error` is the text that Ollama's clients show. */
export const ollamaErrorBody = (err: GatewayError, requestId: string): string =>
  JSON.stringify(
    withDetails(
      { error: err.message, code: err.code, status: err.status, request_id: requestId },
      err.details,
    ),
  )

/** The record that ends a native stream in which something failed. */
export const ollamaErrorRecord = (err: GatewayError): string =>
  `${JSON.stringify(withDetails({ error: err.message, code: err.code }, err.details))}\n`
