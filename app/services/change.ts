import type { Db } from '../../db/client.ts'
import { insertAudit } from '../../db/queries/audit.ts'
import { raiseRevision } from '../../db/queries/revision.ts'
import type { Clock } from '../domain/clock.ts'

export interface ChangeNeeds {
  readonly db: Db
  readonly clock: Clock
  /** A new unique id, in order of time. */
  readonly newId: () => string
}

/** Who does something, as the audit log names them: `cli:root`, `user:alice`. */
export type Actor = string

export interface Change {
  readonly actor: Actor
  /** What is done, as noun and verb: `user.create`. */
  readonly action: string
  /** To whom or what. */
  readonly target: string
}

/**
 * Runs an administrative act as one transaction: it raises the revision, so that every process sees
 * the change, does the act, and writes the audit entry. `act` returns its result and what to note;
 * when it throws, nothing has happened.
 */
export async function change<T>(
  { db, clock, newId }: ChangeNeeds,
  { actor, action, target }: Change,
  act: (tx: Db) => Promise<{ readonly result: T; readonly detail: object }>,
): Promise<T> {
  return await db.transaction().execute(async (tx) => {
    await raiseRevision(tx)
    const { result, detail } = await act(tx)
    const entry = { id: newId(), at: clock.now(), actor, action, target }
    await insertAudit(tx, { ...entry, detail: JSON.stringify(detail) })
    return result
  })
}
