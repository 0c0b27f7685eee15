import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../domain/clock.ts'
import { toGatewayError } from '../errors/gateway-error.ts'
import type { BaseEnv } from '../factory.ts'
import type { Log } from '../log.ts'

const MAX_TEXT = 200

export interface AccessLogNeeds {
  readonly log: Log
  readonly clock: Clock
}

/**
 * One line for each request at the moment its headers are ready; how an answer ended is in the line
 * that its ledger row gets. Query strings are not logged.
 */
export const accessLog = ({ log, clock }: AccessLogNeeds): MiddlewareHandler<BaseEnv> =>
  async function accessLog(c, next) {
    await next()
    const fields = {
      request_id: c.get('requestId'),
      method: c.req.method,
      path: c.req.path.slice(0, MAX_TEXT),
      status: c.res.status,
      ms: clock.now() - c.get('startedAt'),
      peer: c.env.peerAddress(),
    }
    if (!c.error) {
      log.debug(fields, 'request')
      return
    }
    const err = toGatewayError(c.error)
    const write = err.status >= 500 ? 'error' : 'info'
    log[write]({ ...fields, reason: err.code, err: err.cause ?? err.message }, 'request refused')
  }
