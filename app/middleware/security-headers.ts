import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { BaseEnv } from '../factory.ts'

/** Of all answers but pages. These are set here and not by the library: they are on every request's way. */
const OF_DATA = [
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  // What other origins may read is for CORS to say.
  ['cross-origin-resource-policy', 'cross-origin'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
] as const

/** HTTPS is for the proxy in front to insist on: it knows whether there is any. */
const OF_PAGES: Parameters<typeof secureHeaders>[0] = {
  strictTransportSecurity: false,
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  xXssProtection: false,
  xDownloadOptions: false,
  originAgentCluster: false,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  crossOriginResourcePolicy: 'same-origin',
  crossOriginOpenerPolicy: 'same-origin',
  permissionsPolicy: { camera: [], geolocation: [], microphone: [] },
}

const PAGES = ['/docs']

/**
 * Tells browsers what not to do with answers: data is never a page, is shown in no frame and sends no
 * referrer; pages load nothing from elsewhere.
 */
export function securityHeaders(): MiddlewareHandler<BaseEnv> {
  const ofPages = secureHeaders(OF_PAGES)
  return async function securityHeaders(c, next) {
    const { path } = c.req
    const isPage = PAGES.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))
    if (isPage) {
      await ofPages(c, next)
      return
    }
    await next()
    const { headers } = c.res
    for (const [name, value] of OF_DATA) {
      // Of a page among the data, which has a policy of its own.
      if (!headers.has(name)) headers.set(name, value)
    }
  }
}
