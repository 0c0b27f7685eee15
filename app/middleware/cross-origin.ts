import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { BaseEnv } from '../factory.ts'

const PREFLIGHT_SECONDS = 600
/** What clients in browsers read of an answer beside its body. */
const EXPOSED = [
  'x-request-id',
  'retry-after',
  'retry-after-ms',
  'ratelimit',
  'ratelimit-policy',
  'deprecation',
  'sunset',
  'link',
  'location',
]

/**
 * Lets web pages of these origins call, and no others; of all origins with `*`. With an origin's name
 * a page may send cookies along, with `*` never. What others ask for is answered as without CORS.
 */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler<BaseEnv> {
  const isOpen = origins.includes('*')
  const listed = cors({
    origin: isOpen ? '*' : [...origins],
    credentials: !isOpen,
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposeHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
  })
  return async function crossOrigin(c, next) {
    if (isOpen || origins.includes(c.req.header('origin') ?? '')) return await listed(c, next)
    await next()
    c.res.headers.append('vary', 'Origin')
  }
}
