import { GatewayError } from '../errors/gateway-error.ts'

const BEARER = /^Bearer +([^\s,]+) *$/i
const KEY_HEADERS = ['x-api-key', 'api-key'] as const

/** The challenge for a request that brought no credential (RFC 6750 §3). */
export const CHALLENGE = 'Bearer realm="parallama"'
/** The challenge for a credential that is not good. */
export const INVALID_TOKEN = `${CHALLENGE}, error="invalid_token"`

/**
 * The credential of a request, wherever its client puts it: `Authorization: Bearer`, `x-api-key`,
 * `api-key`, or the path, where that is switched on. Query strings and cookies do not count. Null when
 * there is none; throws 400 for two different ones and 401 for a header that can't hold one.
 */
export function readCredential(headers: Headers, fromPath: string | null): string | null {
  const found = new Set<string>()
  const authorization = headers.get('authorization')
  if (authorization !== null) found.add(bearerToken(authorization))
  for (const name of KEY_HEADERS) {
    const value = headers.get(name)
    if (value !== null) found.add(value.trim())
  }
  if (fromPath !== null) found.add(fromPath)
  if (found.size > 1) {
    throw new GatewayError(
      'two_credentials',
      'the request carries two different credentials; send one',
      {
        headers: { 'www-authenticate': `${CHALLENGE}, error="invalid_request"` },
      },
    )
  }
  const [credential] = found
  return credential ?? null
}

function bearerToken(authorization: string): string {
  const token = BEARER.exec(authorization)?.[1]
  if (token) return token
  throw unauthorized(INVALID_TOKEN)
}

/** One answer for unknown, expired, revoked and disabled alike: it tells a stranger nothing. */
export function unauthorized(challenge: string): GatewayError {
  return new GatewayError(
    'unauthorized',
    'unauthorized: send a valid API key, as "Authorization: Bearer plk_…" or "x-api-key: plk_…"',
    { headers: { 'www-authenticate': challenge } },
  )
}
