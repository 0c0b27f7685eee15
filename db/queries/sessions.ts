import type { Db } from '../client.ts'
import type { SessionsTable } from '../schema.ts'

const SESSION = [
  'id',
  'user_id',
  'salt',
  'generation',
  'version',
  'created_at',
  'rotated_at',
  'idle_expires_at',
  'expires_at',
  'revoked_at',
  'revoked_reason',
  'address',
  'agent',
] as const satisfies readonly (keyof SessionsTable)[]

export async function insertSession(tx: Db, session: SessionsTable): Promise<void> {
  await tx.insertInto('sessions').values(session).execute()
}

export async function findSession(db: Db, id: string): Promise<SessionsTable | undefined> {
  return await db.selectFrom('sessions').select(SESSION).where('id', '=', id).executeTakeFirst()
}

/** Ends the sessions that are still alive, one or all of a user but `except`; returns how many. */
export async function revokeSessions(
  tx: Db,
  by: { readonly id: string } | { readonly userId: string; readonly except?: string | null },
  end: { readonly at: number; readonly reason: string },
): Promise<number> {
  let query = tx
    .updateTable('sessions')
    .set({ revoked_at: end.at, revoked_reason: end.reason })
    .where('revoked_at', 'is', null)
  if ('id' in by) query = query.where('id', '=', by.id)
  else query = query.where('user_id', '=', by.userId).where('id', '!=', by.except ?? '')
  const result = await query.executeTakeFirst()
  return Number(result.numUpdatedRows)
}
