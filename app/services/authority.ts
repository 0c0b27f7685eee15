import type { Db } from '../../db/client.ts'
import { rolePermissions } from '../../db/queries/roles.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { heldRoles } from './role-lineage.ts'

/** Throws forbidden unless the actor has all of these permissions: nobody gives what they don't have. */
export function requireRights(actor: Actor, permissions: Iterable<string>): void {
  const { principal } = actor
  if (!principal) return
  const missing = [...permissions].find((permission) => !principal.permissions.has(permission))
  if (!missing) return
  throw new GatewayError(
    'forbidden',
    `this would give the permission ${missing}, which you do not have yourself; ask an administrator`,
  )
}

/**
 * Throws forbidden when the user may do something that the actor may not: whoever can set a password,
 * make a key or end a session could become them.
 */
export async function requireOver(
  tx: Db,
  actor: Actor,
  user: { readonly id: string; readonly username: string },
  now: number,
): Promise<void> {
  const { principal } = actor
  if (!principal) return
  const permissions = await permissionsOf(tx, user.id, now)
  if (permissions.every((permission) => principal.permissions.has(permission))) return
  throw new GatewayError(
    'forbidden',
    `${user.username} may do more than you; ask an administrator to do this`,
  )
}

/** What a user may do at that time, through all roles and what they include. */
export async function permissionsOf(db: Db, userId: string, now: number): Promise<string[]> {
  const roles = await heldRoles(db, userId, now)
  const permissions = await Promise.all(roles.map(({ id }) => rolePermissions(db, id)))
  return [...new Set(permissions.flat())]
}
