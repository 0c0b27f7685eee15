/**
 * Why a request has no complete answer. `code` is one of
 * - from connecting, when no byte of the request was sent: `ECONNREFUSED`, `ENOTFOUND`,
 *   `ETIMEDOUT`, what else the system says of a connection, or the code of a certificate error;
 * - `ECONNRESET`: the connection ended before the answer did;
 * - `EBADRESPONSE`: the answer is not well-formed HTTP/1.1;
 * - `ECLOSED`: this client was closed.
 */
export class HttpClientError extends Error {
  override readonly name = 'HttpClientError'
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** An answer that breaks the rules of RFC 9112, so that its end could not be trusted. */
export const malformed = (what: string): HttpClientError =>
  new HttpClientError('EBADRESPONSE', `malformed HTTP response: ${what}`)

/** The connection ended although the answer had not. */
export const connectionLost = (when: string, cause?: unknown): HttpClientError =>
  new HttpClientError('ECONNRESET', `the connection was closed ${when}`, cause)

/** No connection was made in time; the request was not sent. */
export const connectTimedOut = (authority: string, ms: number): HttpClientError =>
  new HttpClientError('ETIMEDOUT', `cannot connect to ${authority} within ${ms} ms`)

/** No connection was made; the request was not sent. */
export function connectFailed(authority: string, cause: unknown): HttpClientError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'ECONNREFUSED'
  const reason = cause instanceof Error ? cause.message : 'the connection was closed'
  return new HttpClientError(code, `cannot connect to ${authority}: ${reason}`, cause)
}
