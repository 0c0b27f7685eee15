import type { Db } from '../../db/client.ts'
import { raiseRevision } from '../../db/queries/revision.ts'
import type { Clock } from '../domain/clock.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { type Act, recordRefusal, writeAudit } from './audit-trail.ts'
import { requireStanding } from './authority.ts'

/** Runs an act in one transaction. */
export type Transact = <T>(act: (tx: Db) => Promise<T>) => Promise<T>

export interface ChangeNeeds {
  readonly db: Db
  readonly clock: Clock
  /** A new unique id, in order of time. */
  readonly newId: () => string
  /** Where a transaction has to do more than the act; a plain one when left out. */
  readonly transact?: Transact | undefined
  /** Makes the change hold for all who can be reached, before anybody is told that it is done. */
  readonly announce?: ((revision: number) => Promise<void>) | undefined
}

/**
 * Runs an administrative act as one transaction: it raises the revision, so that every process sees
 * the change, does the act, and writes the audit entry. `act` returns its result and what to note;
 * when it throws, nothing has happened, and what was refused is noted. Throws forbidden for an actor
 * who has lost rights meanwhile.
 */
export async function change<T>(
  needs: ChangeNeeds,
  entry: Act,
  act: (tx: Db) => Promise<{ readonly result: T; readonly detail: object }>,
): Promise<T> {
  return await noted(needs, entry, async () => {
    let revision = 0
    const result = await (needs.transact ?? plainly(needs))(async (tx) => {
      revision = await raiseRevision(tx)
      await requireStanding(tx, entry.actor, needs.clock.now())
      const { result, detail } = await act(tx)
      await writeAudit(needs, tx, entry, { outcome: 'done', detail })
      return result
    })
    await needs.announce?.(revision)
    return result
  })
}

/** Makes all look again at what a change has left to be done outside of the database, once it is. */
export async function raiseAgain(needs: Pick<ChangeNeeds, 'db' | 'announce'>): Promise<void> {
  const revision = await plainly(needs)(raiseRevision)
  await needs.announce?.(revision)
}

/** Does what may be refused, and then notes the refusal in the audit log; rejects as it does. */
export async function noted<T>(
  needs: ChangeNeeds,
  entry: Act,
  act: () => Promise<T> | T,
): Promise<T> {
  try {
    return await act()
  } catch (err) {
    // What is refused stays refused, whether or not that can be noted.
    if (isRefusal(err)) await recordRefusal(needs, entry, err).catch(() => {})
    throw err
  }
}

const plainly =
  ({ db }: Pick<ChangeNeeds, 'db'>): Transact =>
  (act) =>
    db.transaction().execute(act)

/** Mistakes in what was asked for are not refusals: only what the actor may not do, or nobody may. */
const isRefusal = (err: unknown): err is GatewayError =>
  err instanceof GatewayError && (err.code === 'forbidden' || err.code === 'conflict')
