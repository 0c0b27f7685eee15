import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../domain/clock.ts'
import { withoutSecrets } from '../domain/secret-text.ts'
import type { ErrorCode } from '../errors/codes.ts'
import { toGatewayError } from '../errors/gateway-error.ts'
import type { BaseEnv } from '../factory.ts'
import type { Log } from '../log.ts'

const MAX_TEXT = 200
/** What was decided, and is no trouble that anybody has to look into. */
const DECIDED = new Set<ErrorCode>(['not_implemented', 'gateway_disabled'])

export interface AccessLogNeeds {
  readonly log: Log
  readonly clock: Clock
}

/**
 * One line for each request that was refused or failed, with the cause; what was served has its line
 * from the ledger. Query strings are not logged.
 */
export const accessLog = ({ log, clock }: AccessLogNeeds): MiddlewareHandler<BaseEnv> =>
  async function accessLog(c, next) {
    await next()
    const { status } = c.res
    const fields = {
      request_id: c.get('requestId'),
      method: c.req.method,
      path: c.req.path.slice(0, MAX_TEXT).replace(/(pl[a-z]_)\w+/g, '$1…'),
      status,
      ms: clock.now() - c.get('startedAt'),
    }
    if (status < 400) {
      log.debug(fields, 'request answered')
      return
    }
    const err = c.error ? toGatewayError(c.error) : null
    const told = err ? withoutSecrets(err.message) : undefined
    const reason = { reason: err?.code ?? 'not_found', err: err?.cause ?? told }
    const isTrouble = status >= 500 && !(err && DECIDED.has(err.code))
    const write = isTrouble ? 'error' : 'info'
    log[write]({ ...fields, peer: c.env.peerAddress(), ...reason }, 'request refused')
  }
