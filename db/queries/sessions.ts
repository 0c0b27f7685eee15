import type { Db } from '../client.ts'
import type { SessionsTable } from '../schema.ts'

const SESSION = [
  'sessions.id',
  'sessions.user_id',
  'sessions.salt',
  'sessions.generation',
  'sessions.version',
  'sessions.created_at',
  'sessions.rotated_at',
  'sessions.idle_expires_at',
  'sessions.expires_at',
  'sessions.revoked_at',
  'sessions.revoked_reason',
  'sessions.address',
  'sessions.agent',
] as const

/** A session and whose it is. */
export type SessionRow = SessionsTable & {
  readonly username: string
  readonly disabled: number
  readonly deleted_at: number | null
}

const sessions = (db: Db) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([...SESSION, 'users.username', 'users.disabled', 'users.deleted_at'])

export async function insertSession(tx: Db, session: SessionsTable): Promise<void> {
  await tx.insertInto('sessions').values(session).execute()
}

export async function findSession(db: Db, id: string): Promise<SessionRow | undefined> {
  return await sessions(db).where('sessions.id', '=', id).executeTakeFirst()
}

/** A user's sessions that are alive at that time, the newest first. */
export async function listLiveSessions(db: Db, userId: string, now: number): Promise<SessionRow[]> {
  return await sessions(db)
    .where('sessions.user_id', '=', userId)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.idle_expires_at', '>', now)
    .where('sessions.expires_at', '>', now)
    .orderBy('sessions.created_at', 'desc')
    .orderBy('sessions.id', 'desc')
    .execute()
}

/**
 * Moves a live session on from the generation that was read, and returns it as it is then; undefined
 * when somebody else was faster or it has been ended.
 */
export async function rotateSession(
  tx: Db,
  { id, generation }: Pick<SessionsTable, 'id' | 'generation'>,
  next: Pick<SessionsTable, 'generation' | 'rotated_at' | 'idle_expires_at' | 'address' | 'agent'>,
): Promise<SessionsTable | undefined> {
  return await tx
    .updateTable('sessions')
    .set(next)
    .where('id', '=', id)
    .where('generation', '=', generation)
    .where('revoked_at', 'is', null)
    .returning(SESSION)
    .executeTakeFirst()
}

/**
 * Makes all access tokens of a user's sessions worthless; a refresh token before the live one, which
 * has a moment of grace after its rotation, has it no more.
 */
export async function raiseSessionVersions(
  tx: Db,
  userId: string,
  { now, graceMs }: { readonly now: number; readonly graceMs: number },
): Promise<void> {
  const graceOver = now - graceMs
  await tx
    .updateTable('sessions')
    .set((eb) => ({
      version: eb('version', '+', 1),
      rotated_at: eb
        .case()
        .when('rotated_at', '>', graceOver)
        .then(graceOver)
        .else(eb.ref('rotated_at'))
        .end(),
    }))
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .execute()
}

/**
 * Ends the sessions that nobody has ended, one or all of a user but `except`; returns how many. Those
 * that have expired are among them: by another server's clock they may not have.
 */
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

/** Forgets the sessions that ended before that time, in epoch ms; returns how many. */
export async function deleteSessionsEnded(db: Db, before: number): Promise<number> {
  const result = await db
    .deleteFrom('sessions')
    .where((eb) =>
      eb.or([
        eb('revoked_at', '<', before),
        eb('idle_expires_at', '<', before),
        eb('expires_at', '<', before),
      ]),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
