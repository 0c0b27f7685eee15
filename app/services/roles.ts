import type { Db } from '../../db/client.ts'
import { databaseFault } from '../../db/codec.ts'
import { deleteLimits } from '../../db/queries/limits.ts'
import {
  deleteRole,
  insertRole,
  listMemberships,
  listRoles,
  type RoleRow,
} from '../../db/queries/roles.ts'
import { listUsers } from '../../db/queries/users.ts'
import { ADMIN_ROLE, BUILT_IN_ROLES } from '../domain/role.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { requireGivable, requireNotOwnRole, requireReach } from './authority.ts'
import { type ChangeNeeds, change } from './change.ts'
import { changed } from './changed.ts'
import { requireRole } from './find.ts'
import { type Page, toPage } from './page.ts'
import { createRoleMembers } from './role-members.ts'
import { roleOf } from './role-reach.ts'
import {
  applySettings,
  checkedSettings,
  checkRoleName,
  type RoleSettings,
  settingsOf,
} from './role-settings.ts'
import { membershipsIn, type Role, readRoles } from './role-view.ts'

export type { Role } from './role-view.ts'

export type NewRole = RoleSettings & { readonly name: string }

export interface DeleteOptions {
  /** Takes it from whoever has it. */
  readonly force?: boolean | undefined
}

export interface RolesNeeds extends ChangeNeeds {
  /** The names of the gateways that a role can permit. */
  readonly gateways: readonly string[]
}

/** What can be done to roles and who has them. Errors are GatewayErrors. */
export function createRoles(needs: RolesNeeds) {
  const { db, clock, newId } = needs
  const read = (from: Db, name: string): Promise<Role> => roleOf(from, name, clock.now())

  return {
    ...createRoleMembers(needs),

    list: (): Promise<Role[]> => readRoles(db, clock.now()),

    /** So many roles in the order of their names, from the one after that name on. */
    async page(of: { readonly after: string | null; readonly limit: number }): Promise<Page<Role>> {
      const rest = (await readRoles(db, clock.now())).filter(({ name }) => name > (of.after ?? ''))
      return toPage(rest, of.limit, ({ name }) => name)
    },

    /** Throws not_found. */
    async info(name: string): Promise<Role> {
      await requireRole(db, name)
      return await read(db, name)
    },

    /**
     * Throws invalid for what can't be set, not_found for an unknown parent, conflict when the name is
     * taken, and forbidden when the role would give more than the actor has.
     */
    async create(actor: Actor, { name, ...given }: NewRole): Promise<Role> {
      checkRoleName(name)
      const settings = checkedSettings(given, needs.gateways)
      return await change(needs, { actor, action: 'role.create', target: name }, async (tx) => {
        const row = { id: newId(), name, parent_id: null, description: '' }
        await insertRole(tx, { ...row, created_at: clock.now() }).catch((err) =>
          refuseTaken(err, name),
        )
        await applySettings(needs, tx, row, settings)
        const role = await read(tx, name)
        await requireGivable(tx, actor, role, clock.now())
        return { result: role, detail: { before: null, after: settingsOf(role) } }
      })
    },

    /**
     * Throws as `create` does; conflict for a cycle and when the role admin would lose a permission;
     * forbidden for a role that the actor has, and for one that may do more.
     */
    async update(actor: Actor, name: string, given: RoleSettings): Promise<Role> {
      const settings = checkedSettings(given, needs.gateways)
      return await change(needs, { actor, action: 'role.update', target: name }, async (tx) => {
        const row = await requireRole(tx, name)
        const before = await read(tx, name)
        await requireOverRole(tx, actor, row, before)
        const admin = await read(tx, ADMIN_ROLE)
        await applySettings(needs, tx, row, settings)
        const after = await read(tx, name)
        await requireGivable(tx, actor, after, clock.now())
        requireSameRights(admin, await read(tx, ADMIN_ROLE))
        return { result: after, detail: changed(settingsOf(before), settingsOf(after)) }
      })
    },

    /**
     * Returns the names of those it was taken from. Throws not_found, forbidden as `update` does, and
     * conflict for a built-in role, one that others include, and, unless forced, one that somebody has.
     */
    async delete(
      actor: Actor,
      name: string,
      { force = false }: DeleteOptions = {},
    ): Promise<{ members: string[] }> {
      return await change(needs, { actor, action: 'role.delete', target: name }, async (tx) => {
        const row = await requireRole(tx, name)
        const role = await read(tx, name)
        await requireOverRole(tx, actor, row, role)
        await requireUnneeded(tx, row)
        const members = await memberNames(tx, row)
        if (members.length > 0 && !force) throw stillHeld(name, members)
        await deleteLimits(tx, { kind: 'role', id: row.id }, {})
        await deleteRole(tx, row.id)
        return { result: { members }, detail: { before: settingsOf(role), after: null, members } }
      })
    },
  }

  async function memberNames(tx: Db, role: RoleRow): Promise<string[]> {
    const held = membershipsIn(role, await listMemberships(tx), clock.now())
    const ids = new Set(held.map(({ user_id }) => user_id))
    return (await listUsers(tx)).filter(({ id }) => ids.has(id)).map(({ username }) => username)
  }

  /** A role that gives more than the actor has is not theirs to change, nor is one that they have. */
  async function requireOverRole(tx: Db, actor: Actor, row: RoleRow, role: Role): Promise<void> {
    await requireNotOwnRole(tx, actor, row, clock.now())
    await requireReach(tx, actor, role, clock.now())
  }
}

/** Throws conflict when the role admin has lost a permission: somebody has to be able to give it back. */
function requireSameRights(before: Role, after: Role): void {
  const lost = before.permissions.filter((permission) => !after.permissions.includes(permission))
  if (lost.length === 0) return
  throw new GatewayError(
    'conflict',
    `the role ${ADMIN_ROLE} would lose ${lost.join(', ')}; it always keeps everything, so give it that itself first`,
  )
}

async function requireUnneeded(tx: Db, { id, name }: RoleRow): Promise<void> {
  if (BUILT_IN_ROLES.includes(name)) {
    throw new GatewayError('conflict', `the role ${name} is built in and stays`)
  }
  const above = (await listRoles(tx)).find(({ parent_id }) => parent_id === id)
  if (!above) return
  throw new GatewayError(
    'conflict',
    `the role ${above.name} includes ${name}; give it another parent first`,
  )
}

function stillHeld(name: string, members: readonly string[]): GatewayError {
  const [first, ...others] = members
  const who = others.length > 0 ? `${first} and ${others.length} more have` : `${first} has`
  return new GatewayError(
    'conflict',
    `${who} the role ${name}; take it from them first, or force it`,
  )
}

function refuseTaken(err: unknown, name: string): never {
  if (databaseFault(err) !== 'unique') throw err
  throw new GatewayError('conflict', `there is a role "${name}" already`, { cause: err })
}
