import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { BaseEnv } from '../factory.ts'

/** What kind of answers a group of routes gives. */
type Surface = 'data' | 'page'

/** HTTPS is for the proxy in front to insist on: it knows whether there is any. */
const COMMON = {
  strictTransportSecurity: false,
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  xXssProtection: false,
  xDownloadOptions: false,
  originAgentCluster: false,
} as const

const POLICIES: Readonly<Record<Surface, Parameters<typeof secureHeaders>[0]>> = {
  data: {
    ...COMMON,
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    // What other origins may read is for CORS to say.
    crossOriginResourcePolicy: 'cross-origin',
    crossOriginOpenerPolicy: false,
    xDnsPrefetchControl: false,
    xPermittedCrossDomainPolicies: false,
  },
  page: {
    ...COMMON,
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
  },
}

const PAGES = ['/docs']

/**
 * Tells browsers what not to do with answers: data is never a page, is shown in no frame and sends no
 * referrer; pages load nothing from elsewhere.
 */
export function securityHeaders(): MiddlewareHandler<BaseEnv> {
  const [data, page] = [secureHeaders(POLICIES.data), secureHeaders(POLICIES.page)]
  return async function securityHeaders(c, next) {
    const { path } = c.req
    const isPage = PAGES.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))
    await (isPage ? page : data)(c, next)
  }
}
