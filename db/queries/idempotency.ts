import type { Db } from '../client.ts'
import type { IdempotencyKeysTable } from '../schema.ts'

export async function findIdempotencyKey(
  db: Db,
  digest: string,
): Promise<IdempotencyKeysTable | undefined> {
  return await db
    .selectFrom('idempotency_keys')
    .select(['digest', 'fingerprint', 'sealed_answer', 'created_at'])
    .where('digest', '=', digest)
    .executeTakeFirst()
}

/** Takes the key for a request, also from one that had it until `forgetBefore`, in epoch ms. */
export async function insertIdempotencyKey(
  tx: Db,
  row: Omit<IdempotencyKeysTable, 'sealed_answer'>,
  forgetBefore: number,
): Promise<void> {
  await tx
    .deleteFrom('idempotency_keys')
    .where('digest', '=', row.digest)
    .where('created_at', '<=', forgetBefore)
    .execute()
  await tx
    .insertInto('idempotency_keys')
    .values({ ...row, sealed_answer: '' })
    .execute()
}

export async function updateIdempotencyKey(
  tx: Db,
  digest: string,
  sealedAnswer: string,
): Promise<void> {
  await tx
    .updateTable('idempotency_keys')
    .set({ sealed_answer: sealedAnswer })
    .where('digest', '=', digest)
    .execute()
}

/** Forgets the answers that were given before that time, in epoch ms. */
export async function deleteIdempotencyKeys(db: Db, before: number): Promise<void> {
  await db.deleteFrom('idempotency_keys').where('created_at', '<=', before).execute()
}
