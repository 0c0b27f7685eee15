import type { Db } from '../../db/client.ts'
import { listMemberships, type Membership } from '../../db/queries/roles.ts'
import { pageOfUsers, type UserRow } from '../../db/queries/users.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { requireRole, requireUser } from './find.ts'
import { type Page, toPage } from './page.ts'

const MAX_SEARCH = 64

export interface User {
  readonly id: string
  readonly username: string
  readonly disabled: boolean
  readonly roles: readonly { readonly name: string; readonly expiresAt: number | null }[]
  readonly createdAt: number
}

export interface UserPage {
  /** The name of the last user of the page before; null for the first page. */
  readonly after: string | null
  readonly limit: number
  /** Only those with this role. */
  readonly role?: string | undefined
  /** Only names that contain this, in any case of the letters; at most 64 characters. */
  readonly search?: string | undefined
}

/** The user of that name. Throws not_found. */
export async function readUser(db: Db, username: string): Promise<User> {
  const user = await requireUser(db, username)
  return toUser(user, await listMemberships(db, [user.id]))
}

/** So many users in the order of their names. Throws not_found for an unknown role, invalid for a search. */
export async function readUserPage(db: Db, of: UserPage): Promise<Page<User>> {
  const { after, limit, role, search } = of
  const roleId = role === undefined ? undefined : (await requireRole(db, role)).id
  const contains = search === undefined ? undefined : checkedSearch(search)
  const rows = await pageOfUsers(db, { after, limit: limit + 1, roleId, contains })
  const memberships = await listMemberships(
    db,
    rows.map(({ id }) => id),
  )
  return toPage(
    rows.map((row) => toUser(row, memberships)),
    limit,
    ({ username }) => username,
  )
}

/** A row as the user, with those of the memberships that are theirs. */
export function toUser(row: UserRow, memberships: readonly Membership[]): User {
  const roles = memberships
    .filter(({ user_id }) => user_id === row.id)
    .map(({ role, expires_at }) => ({ name: role, expiresAt: expires_at }))
  const { id, username, created_at } = row
  return { id, username, disabled: row.disabled === 1, roles, createdAt: created_at }
}

/** PostgreSQL takes neither a NUL nor half of a character. */
function checkedSearch(search: string): string {
  if (search.length <= MAX_SEARCH && search.isWellFormed() && !/\p{Cc}/u.test(search)) {
    return search.toLowerCase()
  }
  throw new GatewayError(
    'invalid',
    `a search has at most ${MAX_SEARCH} characters, and no control characters`,
  )
}
