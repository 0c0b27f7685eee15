import type { Db } from '../../db/client.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { requireOver } from './authority.ts'

interface Owner {
  readonly id: string
  readonly username: string
}

/** Throws forbidden unless the actor is the owner, or may do all that the owner may. */
export async function requireOwnerOrOver(
  tx: Db,
  actor: Actor,
  owner: Owner,
  now: number,
): Promise<void> {
  if (actor.principal?.userId !== owner.id) await requireOver(tx, actor, owner, now)
}

/**
 * Throws forbidden when the actor has shown a key that is restricted, other than that one: the text of
 * another key would free them of the restriction.
 */
export function requireUnscoped(actor: Actor, keyId?: string): void {
  if (!actor.principal?.isScoped || actor.principal.keyId === keyId) return
  throw new GatewayError(
    'forbidden',
    'this is done with a login or an unrestricted key; yours is restricted',
  )
}
