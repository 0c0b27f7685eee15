import { GatewayError } from '../errors/gateway-error.ts'

const MAX_TEXT = 500
const PASSED_ON = new Set([400, 404, 409, 413, 429, 499])

/** What an error text may tell about its host, and what stands there instead. */
const PRIVATE: readonly (readonly [RegExp, string])[] = [
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"']+/gi, '<address>'],
  [/\blookup \S+/g, 'lookup <address>'],
  [/\[[0-9a-f]*:[0-9a-f:.]*\](?::\d+)?/gi, '<address>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?/g, '<address>'],
  [/\b[A-Z]:\\[^\s"']+/gi, '<path>'],
  [/(^|[\s"'(=:[])(?:\/[\w.@~+-]+){2,}\/?/g, '$1<path>'],
]

/** Ollama's error text without what it tells about its host: paths, addresses, sign-in links. */
export const publicText = (text: string): string =>
  PRIVATE.reduce(
    (rest, [pattern, stand]) => rest.replace(pattern, stand),
    text.slice(0, 2 * MAX_TEXT),
  ).slice(0, MAX_TEXT)

/** The `error` text of a native body, or null when it is not one. */
export function nativeErrorText(body: string): string | null {
  try {
    const value: unknown = JSON.parse(body)
    const error = (value as { error?: unknown } | null)?.error
    return typeof error === 'string' ? error : null
  } catch {
    return null
  }
}

/** What a caller is told when Ollama answered with an error status; its text as `tell` tells it. */
export function upstreamRefusal(status: number, body: string, tell = publicText): GatewayError {
  const text = nativeErrorText(body)
  const cause = `upstream ${status}: ${body.slice(0, MAX_TEXT)}`
  if (status === 503 || status === 429) {
    return new GatewayError('upstream_busy', text ? tell(text) : 'Ollama is busy; try again', {
      cause,
      headers: { 'retry-after': '2' },
    })
  }
  if (status === 404 && body === '') {
    return new GatewayError('not_found', 'Ollama does not have it', { cause })
  }
  if (text && PASSED_ON.has(status)) {
    const code = status === 404 ? 'not_found' : 'bad_request'
    return new GatewayError(code, tell(text), { cause, status })
  }
  if (text && status >= 500) {
    return new GatewayError('upstream_error', tell(text), { cause, status: 500 })
  }
  return new GatewayError(
    'upstream_error',
    'Ollama gave an answer that makes no sense; try again',
    {
      cause,
    },
  )
}

/** What a caller is told when no answer came: not reachable, or the connection broke. */
export function upstreamFailure(err: unknown): GatewayError {
  if (err instanceof GatewayError) return err
  if (isUnreachable(err)) {
    return new GatewayError('upstream_unreachable', 'Ollama is not reachable; try again later', {
      cause: err,
      headers: { 'retry-after': '5' },
    })
  }
  return new GatewayError('upstream_error', 'the connection to Ollama broke; try again', {
    cause: err,
  })
}

const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** True when no byte of the request can have reached the host. */
export const isUnreachable = (err: unknown): boolean =>
  err instanceof Error && 'code' in err && NOT_CONNECTED.has(String(err.code))
