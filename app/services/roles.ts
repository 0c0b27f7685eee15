import type { Db } from '../../db/client.ts'
import {
  deleteUserRole,
  listMemberships,
  listRoles,
  type RoleRow,
  replaceRoleModels,
  roleModels,
  rolePermissions,
  upsertUserRole,
} from '../../db/queries/roles.ts'
import { parseModelName } from '../domain/model-name.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { keepingAnAdmin } from './admins.ts'
import { type ChangeNeeds, change } from './change.ts'
import { requireRole, requireUser } from './find.ts'

export interface Role {
  readonly name: string
  readonly parent: string | null
  readonly description: string
  /** Its own and its ancestors'. */
  readonly permissions: readonly string[]
  readonly models: readonly string[]
  readonly members: number
}

/** What can be done to roles and who has them. Errors are GatewayErrors. */
export function createRoles(needs: ChangeNeeds) {
  const { db, clock } = needs

  return {
    async list(): Promise<Role[]> {
      const rows = await listRoles(db)
      return await Promise.all(rows.map((row) => view(db, row, rows)))
    },

    /** Throws not_found. */
    async info(name: string): Promise<Role> {
      return await view(db, await requireRole(db, name), await listRoles(db))
    },

    /** Gives a user the role until `expiresAt` (epoch ms), or for good. Throws not_found. */
    async grant(
      actor: Actor,
      username: string,
      roleName: string,
      expiresAt: number | null,
    ): Promise<void> {
      const target = username.toLowerCase()
      await change(needs, { actor, action: 'role.grant', target }, async (tx) => {
        const user = await requireUser(tx, username)
        const role = await requireRole(tx, roleName)
        const granted_at = clock.now()
        await keepingAnAdmin(tx, () =>
          upsertUserRole(tx, {
            user_id: user.id,
            role_id: role.id,
            granted_at,
            expires_at: expiresAt,
          }),
        )
        return { result: undefined, detail: { role: role.name, expiresAt } }
      })
    },

    /** Takes the role from a user. Throws not_found when the user has not got it, conflict for the last admin. */
    async revoke(actor: Actor, username: string, roleName: string): Promise<void> {
      const target = username.toLowerCase()
      await change(needs, { actor, action: 'role.revoke', target }, async (tx) => {
        const user = await requireUser(tx, username)
        const role = await requireRole(tx, roleName)
        const had = await keepingAnAdmin(tx, () => deleteUserRole(tx, user.id, role.id))
        if (!had) {
          throw new GatewayError(
            'not_found',
            `${user.username} does not have the role ${role.name}`,
          )
        }
        return { result: undefined, detail: { role: role.name } }
      })
    },

    /** Sets which models the role's members may use: names or patterns with `*`. Throws invalid. */
    async setModels(actor: Actor, roleName: string, patterns: readonly string[]): Promise<Role> {
      const role = await requireRole(db, roleName)
      const models = [...new Set(patterns.map((pattern) => pattern.trim().toLowerCase()))]
      for (const model of models) checkPattern(model)
      await change(needs, { actor, action: 'role.models', target: role.name }, async (tx) => {
        const before = await roleModels(tx, role.id)
        await replaceRoleModels(tx, role.id, models)
        return { result: undefined, detail: { before, after: models } }
      })
      return await view(db, role, await listRoles(db))
    },
  }
}

function checkPattern(pattern: string): void {
  if (/^[a-z0-9_.:/*-]+$/.test(pattern) && (pattern.includes('*') || parseModelName(pattern)))
    return
  throw new GatewayError(
    'invalid',
    `"${pattern}" is neither a model name nor a pattern such as llama3*`,
  )
}

async function view(db: Db, row: RoleRow, all: readonly RoleRow[]): Promise<Role> {
  const line = lineage(row, all)
  const permissions = await Promise.all(line.map(({ id }) => rolePermissions(db, id)))
  const models = await Promise.all(line.map(({ id }) => roleModels(db, id)))
  const memberships = await listMemberships(db)
  return {
    name: row.name,
    parent: row.parent,
    description: row.description,
    permissions: [...new Set(permissions.flat())],
    models: [...new Set(models.flat())],
    members: memberships.filter(({ role }) => role === row.name).length,
  }
}

/** The role and its ancestors, nearest first; a cycle ends where it began. */
function lineage(row: RoleRow, all: readonly RoleRow[]): RoleRow[] {
  const line: RoleRow[] = []
  let at: RoleRow | undefined = row
  while (at && !line.includes(at)) {
    line.push(at)
    const parentId: string | null = at.parent_id
    at = all.find(({ id }) => id === parentId)
  }
  return line
}
