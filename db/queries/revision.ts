import type { Db } from '../client.ts'
import { announceRevision } from '../codec.ts'

/** The number that every change to users, keys, roles or policies raises. */
export async function readRevision(db: Db): Promise<number> {
  const row = await db.selectFrom('revision').select('value').where('id', '=', 1).executeTakeFirst()
  return row?.value ?? 0
}

/**
 * Raises the revision in the caller's transaction, announces it at its commit, and returns it. Taking
 * the row first also makes such transactions run one after the other.
 */
export async function raiseRevision(tx: Db): Promise<number> {
  const { value } = await tx
    .updateTable('revision')
    .set((eb) => ({ value: eb('value', '+', 1) }))
    .where('id', '=', 1)
    .returning('value')
    .executeTakeFirstOrThrow()
  await announceRevision(tx)
  return value
}
