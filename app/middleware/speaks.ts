import type { MiddlewareHandler } from 'hono'
import type { Dialect } from '../errors/dialect.ts'
import type { BaseEnv } from '../factory.ts'

/** Has all refusals of what follows told in that dialect, and the request named where it is looked for. */
export const speaks = (dialect: Dialect): MiddlewareHandler<BaseEnv> =>
  async function speaks(c, next) {
    c.set('dialect', dialect)
    await next()
    const { requestIdHeader } = dialect
    if (requestIdHeader) c.res.headers.set(requestIdHeader, c.get('requestId'))
  }
