import type { Db } from '../client.ts'

/** Names the key that takes the place of another, which from then on has an end. */
export async function replaceKey(
  tx: Db,
  id: string,
  change: { readonly replacedBy: string; readonly expiresAt: number },
): Promise<void> {
  await tx
    .updateTable('api_keys')
    .set({ replaced_by: change.replacedBy, expires_at: change.expiresAt, rotates_at: null })
    .where('id', '=', id)
    .execute()
}

/**
 * The keys that are to be replaced by then, those that wait longest first. Not those of whom nobody
 * could have the next one: a successor that was never used is nobody's, or not needed yet.
 */
export async function listDueKeys(db: Db, now: number, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .select('api_keys.id')
    .where('rotates_at', '<=', now)
    .where('replaced_by', 'is', null)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .where((eb) =>
      eb.or([eb('last_used_at', 'is not', null), eb('family_id', '=', eb.ref('api_keys.id'))]),
    )
    .where('users.disabled', '=', 0)
    .where('users.deleted_at', 'is', null)
    .orderBy('rotates_at')
    .orderBy('api_keys.id')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** The text of a key that waits for its owner, encrypted; null when none does. */
export async function findSealedText(db: Db, id: string): Promise<string | null> {
  const row = await db
    .selectFrom('api_keys')
    .select('sealed_text')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.sealed_text ?? null
}

/** Erases the text of one key that waits for its owner. */
export async function eraseSealedText(tx: Db, id: string): Promise<void> {
  await tx.updateTable('api_keys').set({ sealed_text: null }).where('id', '=', id).execute()
}

/** Erases the texts of keys whose predecessor has ended by then; returns how many. */
export async function eraseOverdueTexts(db: Db, now: number): Promise<number> {
  const over = await db
    .selectFrom('api_keys as old')
    .innerJoin('api_keys as successor', 'successor.id', 'old.replaced_by')
    .select('successor.id')
    .where('successor.sealed_text', 'is not', null)
    .where((eb) => eb.or([eb('old.revoked_at', 'is not', null), eb('old.expires_at', '<=', now)]))
    .execute()
  for (const { id } of over) await eraseSealedText(db, id)
  return over.length
}
