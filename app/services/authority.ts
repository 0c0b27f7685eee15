import type { Db } from '../../db/client.ts'
import { isCredentialEnded } from '../../db/queries/credentials.ts'
import { rolePermissions } from '../../db/queries/roles.ts'
import { includesEverything } from '../domain/role.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { heldRoles } from './role-lineage.ts'
import { beyondReach, reachOf } from './role-reach.ts'
import type { Role } from './role-view.ts'

/** Whether the actor may do everything: whoever holds the machine, or all that there is to manage. */
const mayDoAll = ({ principal }: Actor): boolean =>
  principal === null || includesEverything(principal.permissions)

/** Throws forbidden unless the actor may do everything: for what reaches everybody. */
export function requireEverything(actor: Actor): void {
  if (mayDoAll(actor)) return
  throw new GatewayError(
    'forbidden',
    'this concerns everybody, so it is for those who may do everything; ask an administrator',
  )
}

/**
 * Throws forbidden unless the actor has all that the role gives, through any of their own: permissions,
 * models, weight and priority. Who may do everything reaches every role.
 */
export async function requireReach(tx: Db, actor: Actor, role: Role, now: number): Promise<void> {
  const { principal } = actor
  if (!principal) return
  const { permissions } = principal
  const beyond = beyondReach({ ...(await reachOf(tx, principal.userId, now)), permissions }, role)
  if (beyond === null) return
  throw new GatewayError(
    'forbidden',
    `the role ${role.name} gives ${beyond}, which you do not have yourself; ask an administrator`,
  )
}

/** The same for who gives that role to somebody, or makes it what it is: that takes a whole credential. */
export async function requireGivable(tx: Db, actor: Actor, role: Role, now: number): Promise<void> {
  requireUnscoped(actor)
  await requireReach(tx, actor, role, now)
}

/**
 * Throws forbidden when the actor has shown a key that is restricted, other than that one: the text of
 * another key, a password or a role would free them of the restriction.
 */
export function requireUnscoped({ principal }: Actor, keyId?: string): void {
  if (!principal?.isScoped || principal.keyId === keyId) return
  throw new GatewayError(
    'forbidden',
    'this is done with a login or an unrestricted key; yours is restricted',
  )
}

/**
 * Throws forbidden when the user may do something, or use a model, that the actor may not: whoever can
 * set a password, make a key or end a session could become them.
 */
export async function requireOver(
  tx: Db,
  actor: Actor,
  user: { readonly id: string; readonly username: string },
  now: number,
): Promise<void> {
  const { principal } = actor
  if (!principal) return
  const theirs = await reachOf(tx, user.id, now)
  const { permissions } = principal
  const own = { ...(await reachOf(tx, principal.userId, now)), permissions }
  // Whose turn comes first is nothing to be taken over for.
  if (beyondReach(own, { ...theirs, weight: 0, priority: 'low' }) === null) return
  throw new GatewayError(
    'forbidden',
    `${user.username} may do more than you; ask an administrator to do this`,
  )
}

/** The same for what belongs to the user, such as a key or a session: what is theirs is theirs to end. */
export async function requireOwnerOrOver(
  tx: Db,
  actor: Actor,
  owner: { readonly id: string; readonly username: string },
  now: number,
): Promise<void> {
  if (actor.principal?.userId !== owner.id) await requireOver(tx, actor, owner, now)
}

/** Throws forbidden when that is the actor, unless they may do everything: nobody promotes themselves. */
export function requireNotSelf(actor: Actor, userId: string): void {
  if (actor.principal?.userId !== userId || mayDoAll(actor)) return
  throw new GatewayError(
    'forbidden',
    'what you may do yourself is not yours to change; ask an administrator',
  )
}

/** The same for a role that the actor has, or that one of theirs includes. */
export async function requireNotOwnRole(
  tx: Db,
  actor: Actor,
  role: { readonly id: string; readonly name: string },
  now: number,
): Promise<void> {
  const { principal } = actor
  if (!principal || mayDoAll(actor)) return
  const held = await heldRoles(tx, principal.userId, now)
  if (!held.some(({ id }) => id === role.id)) return
  throw new GatewayError(
    'forbidden',
    `you have the role ${role.name} yourself, so it is not yours to change; ask an administrator`,
  )
}

/**
 * Throws forbidden when the actor may no longer do what they could when they were let in, or what they
 * have shown was ended. Within a change it can't be overtaken: changes run one after the other.
 */
export async function requireStanding(tx: Db, { principal }: Actor, now: number): Promise<void> {
  if (!principal) return
  const present = new Set(await permissionsOf(tx, principal.userId, now))
  const hasAll = [...principal.permissions].every((permission) => present.has(permission))
  if (hasAll && principal.validUntil > now && !(await isCredentialEnded(tx, principal))) return
  throw new GatewayError(
    'forbidden',
    'your own rights were changed while you asked for this; look at what they are, and ask again',
  )
}

/** What a user may do at that time, through all roles and what they include. */
export async function permissionsOf(db: Db, userId: string, now: number): Promise<string[]> {
  const roles = await heldRoles(db, userId, now)
  const permissions = await Promise.all(roles.map(({ id }) => rolePermissions(db, id)))
  return [...new Set(permissions.flat())]
}
