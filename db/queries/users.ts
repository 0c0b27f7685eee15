import { sql } from 'kysely'
import type { Db } from '../client.ts'
import { inByteOrder } from '../codec.ts'
import type { UsersTable } from '../schema.ts'

/** What a list or a page about a user shows; the password's hash is never among it. */
const USER = ['id', 'username', 'disabled', 'created_at', 'updated_at', 'deleted_at'] as const

export type UserRow = Pick<UsersTable, (typeof USER)[number]>

export async function insertUser(tx: Db, user: UsersTable): Promise<void> {
  await tx.insertInto('users').values(user).execute()
}

/** The user of that name who has not been deleted. */
export async function findUser(db: Db, username: string): Promise<UserRow | undefined> {
  return await db
    .selectFrom('users')
    .select(USER)
    .where('username', '=', username)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/** Everybody who ever had that name, the newest first. */
export async function findUsersEver(db: Db, username: string): Promise<UserRow[]> {
  return await db
    .selectFrom('users')
    .select(USER)
    .where('username', '=', username)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

export async function listUsers(db: Db): Promise<UserRow[]> {
  return await db
    .selectFrom('users')
    .select(USER)
    .where('deleted_at', 'is', null)
    .orderBy(inByteOrder(db, 'username'))
    .execute()
}

export interface UsersPage {
  /** The name of the last user that was seen; null for the first page. */
  readonly after: string | null
  readonly limit: number
  /** Only those who have it, or had it until it expired. */
  readonly roleId?: string | undefined
  /** Only names with this in them, in lower case. */
  readonly contains?: string | undefined
}

/** So many users in the order of their names, those after one. */
export async function pageOfUsers(
  db: Db,
  { after, limit, roleId, contains }: UsersPage,
): Promise<UserRow[]> {
  const username = inByteOrder(db, 'username')
  let query = db.selectFrom('users').select(USER).where('deleted_at', 'is', null)
  if (after !== null) query = query.where(username, '>', after)
  if (contains !== undefined) {
    const pattern = `%${contains.replace(/[%_!]/g, '!$&')}%`
    query = query.where(sql<boolean>`username like ${pattern} escape '!'`)
  }
  if (roleId !== undefined) {
    query = query.where((eb) =>
      eb.exists(
        eb
          .selectFrom('user_roles')
          .select('user_roles.user_id')
          .whereRef('user_roles.user_id', '=', 'users.id')
          .where('user_roles.role_id', '=', roleId),
      ),
    )
  }
  return await query.orderBy(username).limit(limit).execute()
}

export async function updateUser(
  tx: Db,
  id: string,
  change: Partial<Omit<UsersTable, 'id' | 'created_at'>>,
): Promise<void> {
  await tx.updateTable('users').set(change).where('id', '=', id).execute()
}
