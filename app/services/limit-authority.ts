import type { Db } from '../../db/client.ts'
import type { Actor } from './actor.ts'
import { requireNotOwnRole, requireNotSelf } from './authority.ts'
import type { FoundSubject } from './limit-subject.ts'

/**
 * Throws forbidden for limits on the actor, on a key of theirs, or on a role that they have, unless they
 * may do everything: nobody gives more to themselves.
 */
export async function requireOthersLimits(
  tx: Db,
  actor: Actor,
  { id, user, role }: FoundSubject,
  now: number,
): Promise<void> {
  if (user) requireNotSelf(actor, user.id)
  if (role !== null) await requireNotOwnRole(tx, actor, { id, name: role }, now)
}
