import type { GatewayError } from './gateway-error.ts'

/** How the callers of one group of routes expect to read an error. */
export interface Dialect {
  readonly mediaType: string
  /** The header in which its clients look for the id of the request, beside `x-request-id`. */
  readonly requestIdHeader?: string
  /** The whole body of a refusal, as one line of JSON. */
  body(err: GatewayError, requestId: string): string
}

/** The same where answers can be streams. */
export interface StreamDialect extends Dialect {
  /** What ends a stream in which something failed, ready to be sent. */
  ending(err: GatewayError, requestId: string): string
}
