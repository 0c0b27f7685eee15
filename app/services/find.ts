import type { Db } from '../../db/client.ts'
import { findRole, listRoles, type RoleRow } from '../../db/queries/roles.ts'
import { findUser, type UserRow } from '../../db/queries/users.ts'
import { nearest } from '../domain/nearest.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** The user of that name; case does not matter. Throws not_found. */
export async function requireUser(db: Db, username: string): Promise<UserRow> {
  const user = await findUser(db, username.toLowerCase())
  if (!user) throw new GatewayError('not_found', `there is no user "${username}"`)
  return user
}

/** The role of that name. Throws not_found with the names that exist. */
export async function requireRole(db: Db, name: string): Promise<RoleRow> {
  const role = await findRole(db, name)
  if (role) return role
  const names = (await listRoles(db)).map((known) => known.name)
  const guess = nearest(name, names)
  throw new GatewayError(
    'not_found',
    `there is no role "${name}"${guess ? `, did you mean ${guess}?` : ''} (the roles are ${names.join(', ')})`,
  )
}
