import type { Db } from '../client.ts'
import type { SigningKeysTable } from '../schema.ts'

const KEY = ['id', 'public_jwk', 'sealed_private_jwk', 'created_at', 'signs_from'] as const

/** All keys that can still be needed, the oldest first. */
export async function listSigningKeys(db: Db): Promise<SigningKeysTable[]> {
  return await db
    .selectFrom('signing_keys')
    .select(KEY)
    .orderBy('signs_from')
    .orderBy('id')
    .execute()
}

export async function insertSigningKey(tx: Db, key: SigningKeysTable): Promise<void> {
  await tx.insertInto('signing_keys').values(key).execute()
}

export async function deleteSigningKeys(tx: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await tx.deleteFrom('signing_keys').where('id', 'in', ids).execute()
}
