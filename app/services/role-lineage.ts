import type { Db } from '../../db/client.ts'
import { listMemberships, listRoles, type RoleRow } from '../../db/queries/roles.ts'
import { listUsers } from '../../db/queries/users.ts'

/** A user who has a role, itself or one that includes it. */
export interface Member {
  readonly id: string
  readonly username: string
}

/** The ids of a role and all that it includes, nearest first; a cycle ends where it began. */
export function lineageOf(roleId: string, all: readonly RoleRow[]): string[] {
  const line: string[] = []
  let id: string | null = roleId
  while (id !== null && !line.includes(id)) {
    line.push(id)
    const at: string = id
    id = all.find((role) => role.id === at)?.parent_id ?? null
  }
  return line
}

/** The roles that a user has at that time, with all that they include. */
export async function heldRoles(db: Db, userId: string, now: number): Promise<RoleRow[]> {
  const [roles, memberships] = await Promise.all([listRoles(db), listMemberships(db, [userId])])
  const names = new Set(memberships.filter((held) => isActive(held, now)).map(({ role }) => role))
  const ids = new Set(
    roles.filter(({ name }) => names.has(name)).flatMap(({ id }) => lineageOf(id, roles)),
  )
  return roles.filter(({ id }) => ids.has(id))
}

/** Who has the role at that time, themselves or through another that includes it. */
export async function membersOf(db: Db, roleId: string, now: number): Promise<Member[]> {
  const [roles, memberships, users] = await Promise.all([
    listRoles(db),
    listMemberships(db),
    listUsers(db),
  ])
  const names = new Set(
    roles.filter(({ id }) => lineageOf(id, roles).includes(roleId)).map(({ name }) => name),
  )
  const ids = new Set(
    memberships
      .filter((held) => isActive(held, now) && names.has(held.role))
      .map(({ user_id }) => user_id),
  )
  return users.filter(({ id }) => ids.has(id)).map(({ id, username }) => ({ id, username }))
}

/** Whether a membership has not expired at that time. */
export const isActive = (
  { expires_at }: { readonly expires_at: number | null },
  now: number,
): boolean => expires_at === null || expires_at > now
