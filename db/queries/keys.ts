import type { Insertable, Selectable } from 'kysely'
import type { Db } from '../client.ts'
import { inByteOrder } from '../codec.ts'
import type { ApiKeysTable } from '../schema.ts'

/** What a list of keys shows; the digest is never among it. */
const KEY = [
  'api_keys.id',
  'api_keys.user_id',
  'api_keys.last_four',
  'api_keys.description',
  'api_keys.created_at',
  'api_keys.expires_at',
  'api_keys.revoked_at',
  'api_keys.family_id',
  'api_keys.replaced_by',
  'api_keys.rotate_every_ms',
  'api_keys.rotation_grace_ms',
  'api_keys.rotates_at',
  'api_keys.last_used_at',
  'api_keys.last_used_address',
  'api_keys.last_used_agent',
] as const

export type KeyRow = Omit<Selectable<ApiKeysTable>, 'digest' | 'sealed_text'> & { username: string }

const keys = (db: Db) =>
  db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .select([...KEY, 'users.username'])

/** A key that continues no family is the first of its own. */
export type NewKeyRow = Omit<Insertable<ApiKeysTable>, 'family_id'> & { family_id?: string }

export async function insertKey(tx: Db, key: NewKeyRow): Promise<void> {
  await tx
    .insertInto('api_keys')
    .values({ family_id: key.id, ...key })
    .execute()
}

export async function findKey(db: Db, id: string): Promise<KeyRow | undefined> {
  return await keys(db).where('api_keys.id', '=', id).executeTakeFirst()
}

/** Whether that is the digest of the key with that id. */
export async function hasDigest(db: Db, id: string, digest: string): Promise<boolean> {
  const row = await db
    .selectFrom('api_keys')
    .select('id')
    .where('id', '=', id)
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row !== undefined
}

/** The keys of one user, or of everybody who has not been deleted, the oldest first. */
export async function listKeys(db: Db, userId?: string): Promise<KeyRow[]> {
  const query = keys(db)
    .where('users.deleted_at', 'is', null)
    .orderBy('api_keys.created_at')
    .orderBy('api_keys.id')
  return await (userId ? query.where('api_keys.user_id', '=', userId) : query).execute()
}

export interface KeyPage {
  readonly userId?: string | undefined
  /** The id of the last key that was seen. */
  readonly after?: string | undefined
  readonly limit: number
}

/** The same in the order of their ids, so many of those that come after one. */
export async function pageOfKeys(db: Db, { userId, after, limit }: KeyPage): Promise<KeyRow[]> {
  const id = inByteOrder(db, 'api_keys.id')
  let query = keys(db).where('users.deleted_at', 'is', null)
  if (userId !== undefined) query = query.where('api_keys.user_id', '=', userId)
  if (after !== undefined) query = query.where(id, '>', after)
  return await query.orderBy(id).limit(limit).execute()
}

/** Ends the keys that are still alive, by key or by user; returns how many. */
export async function revokeKeys(
  tx: Db,
  by: { readonly id: string } | { readonly userId: string },
  at: number,
): Promise<number> {
  const alive = tx
    .updateTable('api_keys')
    .set({ revoked_at: at, sealed_text: null })
    .where('revoked_at', 'is', null)
  const query = 'id' in by ? alive.where('id', '=', by.id) : alive.where('user_id', '=', by.userId)
  const result = await query.executeTakeFirst()
  return Number(result.numUpdatedRows)
}
