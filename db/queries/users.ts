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

export async function updateUser(
  tx: Db,
  id: string,
  change: Partial<Omit<UsersTable, 'id' | 'created_at'>>,
): Promise<void> {
  await tx.updateTable('users').set(change).where('id', '=', id).execute()
}
