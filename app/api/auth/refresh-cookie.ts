import { GatewayError } from '../../errors/gateway-error.ts'
import type { Tokens } from '../../services/session-tokens.ts'

/** The prefix makes browsers insist: HTTPS, this host alone, every path (RFC 6265bis §4.1.3.2). */
const NAME = '__Host-parallama_refresh'
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict'

/** The refresh token in the cookie of a request, or null. */
export function refreshCookie(headers: Headers): string | null {
  const pairs = (headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  const found = pairs.find((pair) => pair.startsWith(`${NAME}=`))
  return found?.slice(NAME.length + 1) || null
}

/** Keeps a refresh token in the browser, where no script can read it, for as long as it is good. */
export const setRefreshCookie = ({
  refreshToken,
  refreshExpiresIn,
}: Pick<Tokens, 'refreshToken' | 'refreshExpiresIn'>): string =>
  `${NAME}=${refreshToken}; ${ATTRIBUTES}; Max-Age=${refreshExpiresIn}`

export const clearRefreshCookie = `${NAME}=; ${ATTRIBUTES}; Max-Age=0`

/**
 * Throws forbidden unless a page of our own host sends the request, or one of the origins that may call:
 * the browser adds the cookie whoever asks it to.
 */
export function requireOwnOrigin(headers: Headers, origins: readonly string[]): void {
  const origin = headers.get('origin')
  const isOwn = origin !== null && URL.parse(origin)?.host === headers.get('host')
  if (isOwn || (origin !== null && origins.includes(origin))) return
  throw new GatewayError('forbidden', 'a login in a cookie can be used by pages of this host only')
}
