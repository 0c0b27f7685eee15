import type { MiddlewareHandler } from 'hono'
import type { PrincipalEnv } from './key-lookup.ts'

/**
 * Tells who calls with a key that was replaced since when it has been and when it ends, and where the
 * new one is to be had (RFC 9745, RFC 8594).
 */
export const successorNotice = (): MiddlewareHandler<PrincipalEnv> =>
  async function successorNotice(c, next) {
    await next()
    const { replaced, keyId } = c.get('principal')
    if (!replaced) return
    const { headers } = c.res
    headers.set('deprecation', `@${Math.floor(replaced.at / 1000)}`)
    headers.append('link', `</me/keys/${keyId}/successor>; rel="successor-version"`)
    if (!Number.isFinite(replaced.endsAt)) return
    headers.set('sunset', new Date(replaced.endsAt).toUTCString())
  }
