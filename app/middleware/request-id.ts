import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../domain/clock.ts'
import type { BaseEnv } from '../factory.ts'

const CALLERS_OWN = /^[A-Za-z0-9_-]{1,64}$/

export interface RequestIdNeeds {
  readonly clock: Clock
  readonly newId: () => string
}

/**
 * Names the request: with the caller's `X-Request-Id` when it is a plain word, else with our own. An
 * answer that says nothing about caching is not to be cached.
 */
export const requestId = ({ clock, newId }: RequestIdNeeds): MiddlewareHandler<BaseEnv> =>
  async function requestId(c, next) {
    const own = c.req.header('x-request-id')
    const id = own !== undefined && CALLERS_OWN.test(own) ? own : newId()
    c.set('requestId', id)
    c.set('startedAt', clock.now())
    await next()
    // On the response itself: going through the context would wrap a streamed body once more.
    c.res.headers.set('x-request-id', id)
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
  }
