import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../domain/clock.ts'
import type { ErrorCode } from '../errors/codes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { CallerAddress } from '../middleware/client-address.ts'
import type { PrincipalEnv } from '../middleware/key-lookup.ts'
import type { Act } from '../services/audit-trail.ts'

const WINDOW_MS = 60_000
/** So many refusals of one caller are noted in a minute: the log is not theirs to fill. */
const MAX_NOTED = 60
const MAX_CALLERS = 10_000
/** What tells of somebody who tries what they may not do. */
const TELLING: ReadonlySet<ErrorCode> = new Set(['forbidden', 'not_found', 'conflict', 'invalid'])
const READING = new Set(['GET', 'HEAD'])

export interface RefusalNeeds {
  readonly clock: Clock
  readonly callerAddress: CallerAddress
  /** Notes a refusal in the audit log, once. */
  readonly recordRefusal: (act: Act, err: GatewayError) => Promise<void>
}

/**
 * Notes in the audit log what a known caller was refused: acts that were not allowed or made no sense,
 * and looks at what is not theirs.
 */
export function refusals(needs: RefusalNeeds, action: string): MiddlewareHandler<PrincipalEnv> {
  const { clock, callerAddress, recordRefusal } = needs
  const isNoted = createBudget(clock)
  return async function refusals(c, next) {
    await next()
    const err = c.error
    if (!(err instanceof GatewayError) || !TELLING.has(err.code)) return
    if (READING.has(c.req.method) && err.code === 'invalid') return
    const principal = c.get('principal')
    if (!isNoted(principal.userId)) return
    const address = callerAddress(c.env.peerAddress(), c.req.raw.headers)
    const actor = {
      name: `user:${principal.username}`,
      address,
      requestId: c.get('requestId'),
      principal,
    }
    await recordRefusal({ actor, action, target: c.req.path.slice(0, 200) }, err)
  }
}

/** Says yes so many times a minute to each caller. */
function createBudget(clock: Clock): (caller: string) => boolean {
  const counts = new Map<string, { noted: number; endsAt: number }>()
  return (caller) => {
    const known = counts.get(caller)
    const count =
      known && clock.now() < known.endsAt ? known : { noted: 0, endsAt: clock.now() + WINDOW_MS }
    if (count !== known) {
      counts.delete(caller)
      counts.set(caller, count)
      const [oldest] = counts.size > MAX_CALLERS ? counts.keys() : []
      if (oldest !== undefined) counts.delete(oldest)
    }
    count.noted++
    return count.noted <= MAX_NOTED
  }
}
