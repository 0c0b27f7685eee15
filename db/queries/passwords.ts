import type { Db } from '../client.ts'

/** What a login needs. */
export interface LoginRow {
  readonly id: string
  readonly username: string
  readonly password_hash: string | null
  readonly disabled: number
}

/** The user of that name who has not been deleted, with the hash of the password. */
export async function findLogin(db: Db, username: string): Promise<LoginRow | undefined> {
  return await db
    .selectFrom('users')
    .select(['id', 'username', 'password_hash', 'disabled'])
    .where('username', '=', username)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/**
 * Holds an active user to the end of the transaction, whose password is still the one that was read,
 * and replaces its hash; false when the user or the password has changed meanwhile. Who changes one of
 * them and then ends the sessions misses none that begins after this.
 */
export async function claimLogin(
  tx: Db,
  id: string,
  hash: { readonly read: string; readonly now: string },
): Promise<boolean> {
  const result = await tx
    .updateTable('users')
    .set({ password_hash: hash.now })
    .where('id', '=', id)
    .where('password_hash', '=', hash.read)
    .where('disabled', '=', 0)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}
