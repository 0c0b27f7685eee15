import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from '../client.ts'
import { inByteOrder } from '../codec.ts'
import type {
  ModelPoliciesTable,
  RolePermissionsTable,
  RolesTable,
  UserRolesTable,
} from '../schema.ts'

export type RoleRow = Selectable<RolesTable> & { parent: string | null }

const roles = (db: Db) =>
  db
    .selectFrom('roles as role')
    .leftJoin('roles as parent', 'parent.id', 'role.parent_id')
    .select([
      'role.id',
      'role.name',
      'role.parent_id',
      'role.description',
      'role.created_at',
      'role.weight',
      'role.priority',
      'parent.name as parent',
    ])

export async function listRoles(db: Db): Promise<RoleRow[]> {
  return await roles(db).orderBy(inByteOrder(db, 'role.name')).execute()
}

export async function findRole(db: Db, name: string): Promise<RoleRow | undefined> {
  return await roles(db).where('role.name', '=', name).executeTakeFirst()
}

export async function insertRole(tx: Db, role: Insertable<RolesTable>): Promise<void> {
  await tx.insertInto('roles').values(role).execute()
}

export async function updateRole(
  tx: Db,
  id: string,
  change: Updateable<Omit<RolesTable, 'id' | 'name' | 'created_at'>>,
): Promise<void> {
  if (Object.keys(change).length === 0) return
  await tx.updateTable('roles').set(change).where('id', '=', id).execute()
}

/** Removes the role, with its permissions, its models, its memberships and its invitations. */
export async function deleteRole(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('roles').where('id', '=', id).execute()
}

/** The permissions written down for the role itself, without those of its ancestors. */
export async function rolePermissions(db: Db, roleId: string): Promise<string[]> {
  const rows = await permissions(db).where('role_id', '=', roleId).execute()
  return rows.map(({ permission }) => permission)
}

/** The same of all roles. */
export async function listRolePermissions(db: Db): Promise<RolePermissionsTable[]> {
  return await permissions(db).execute()
}

const permissions = (db: Db) =>
  db
    .selectFrom('role_permissions')
    .select(['role_id', 'permission'])
    .orderBy(inByteOrder(db, 'permission'))

/** The model patterns written down for each role itself, without those of its ancestors. */
export async function listRoleModels(db: Db): Promise<ModelPoliciesTable[]> {
  return await db
    .selectFrom('model_policies')
    .select(['role_id', 'pattern'])
    .orderBy(inByteOrder(db, 'pattern'))
    .execute()
}

/** Replaces the role's permissions. */
export async function replaceRolePermissions(
  tx: Db,
  roleId: string,
  names: readonly string[],
): Promise<void> {
  await tx.deleteFrom('role_permissions').where('role_id', '=', roleId).execute()
  if (names.length === 0) return
  const rows = names.map((permission) => ({ role_id: roleId, permission }))
  await tx.insertInto('role_permissions').values(rows).execute()
}

/** Replaces the role's model patterns. */
export async function replaceRoleModels(
  tx: Db,
  roleId: string,
  patterns: readonly string[],
): Promise<void> {
  await tx.deleteFrom('model_policies').where('role_id', '=', roleId).execute()
  if (patterns.length === 0) return
  const rows = patterns.map((pattern) => ({ role_id: roleId, pattern }))
  await tx.insertInto('model_policies').values(rows).execute()
}

/** Gives the role, or changes when it expires if the user has it already. */
export async function upsertUserRole(tx: Db, membership: UserRolesTable): Promise<void> {
  const { granted_at, expires_at } = membership
  await tx
    .insertInto('user_roles')
    .values(membership)
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'role_id']).doUpdateSet({ granted_at, expires_at }),
    )
    .execute()
}

/** Takes the role away; false when the user did not have it. */
export async function deleteUserRole(tx: Db, userId: string, roleId: string): Promise<boolean> {
  const result = await tx
    .deleteFrom('user_roles')
    .where('user_id', '=', userId)
    .where('role_id', '=', roleId)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

export interface Membership {
  readonly user_id: string
  readonly role: string
  readonly expires_at: number | null
}

/** Who has which role, of the named users or of all; expired ones included. */
export async function listMemberships(db: Db, userIds?: readonly string[]): Promise<Membership[]> {
  if (userIds?.length === 0) return []
  let query = db
    .selectFrom('user_roles')
    .innerJoin('roles', 'roles.id', 'user_roles.role_id')
    .innerJoin('users', 'users.id', 'user_roles.user_id')
    .where('users.deleted_at', 'is', null)
    .select(['user_roles.user_id', 'roles.name as role', 'user_roles.expires_at'])
    .orderBy(inByteOrder(db, 'roles.name'))
  if (userIds) query = query.where('user_roles.user_id', 'in', userIds)
  return await query.execute()
}

/** How many active users hold the role for good: not disabled, not deleted, without an expiry. */
export async function countPermanentMembers(db: Db, role: string): Promise<number> {
  const row = await db
    .selectFrom('user_roles')
    .innerJoin('roles', 'roles.id', 'user_roles.role_id')
    .innerJoin('users', 'users.id', 'user_roles.user_id')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('roles.name', '=', role)
    .where('user_roles.expires_at', 'is', null)
    .where('users.disabled', '=', 0)
    .where('users.deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}
