import type { Db } from '../../db/client.ts'
import { insertAudit } from '../../db/queries/audit.ts'
import type { Clock } from '../domain/clock.ts'
import { withoutSecrets } from '../domain/secret-text.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'

export interface AuditNeeds {
  readonly db: Db
  readonly clock: Clock
  /** A new unique id, in order of time. */
  readonly newId: () => string
}

export interface Act {
  readonly actor: Actor
  /** What is done, as noun and verb: `user.create`. */
  readonly action: string
  /** To whom or what. */
  readonly target: string
}

/** How an act can end. */
export const OUTCOMES = ['done', 'refused'] as const
export type Outcome = (typeof OUTCOMES)[number]

export interface Ending {
  readonly outcome: Outcome
  /** What changed, or why it was refused; never a secret. */
  readonly detail: object
}

/** Adds an entry to the audit log, in the transaction of the act. */
export async function writeAudit(
  { clock, newId }: AuditNeeds,
  tx: Db,
  { actor, action, target }: Act,
  { outcome, detail }: Ending,
): Promise<void> {
  await insertAudit(tx, {
    id: newId(),
    at: clock.now(),
    actor: actor.name,
    action,
    // People paste keys where a name is asked for.
    target: withoutSecrets(target),
    detail: withoutSecrets(JSON.stringify(detail)),
    address: actor.address,
    request_id: actor.requestId,
    outcome,
  })
}

const recorded = new WeakSet<GatewayError>()

/** Notes that an act was refused; once, however many hands the refusal goes through. */
export async function recordRefusal(needs: AuditNeeds, act: Act, err: GatewayError): Promise<void> {
  if (recorded.has(err)) return
  recorded.add(err)
  const detail = { code: err.code, reason: err.message }
  await writeAudit(needs, needs.db, act, { outcome: 'refused', detail })
}
