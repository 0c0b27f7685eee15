import type { Db } from '../client.ts'

/** A user, and the key or the session that they have shown. */
export interface Shown {
  readonly userId: string
  readonly keyId: string
  /** Null for a key. */
  readonly sessionId: string | null
}

/** Whether the user was disabled or deleted, or the key or the session revoked. */
export async function isCredentialEnded(db: Db, shown: Shown): Promise<boolean> {
  const user = await db
    .selectFrom('users')
    .select('id')
    .where('id', '=', shown.userId)
    .where('disabled', '=', 0)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (!user) return true
  const table = shown.sessionId === null ? 'api_keys' : 'sessions'
  const ended = await db
    .selectFrom(table)
    .select('id')
    .where('id', '=', shown.sessionId ?? shown.keyId)
    .where('revoked_at', 'is not', null)
    .executeTakeFirst()
  return ended !== undefined
}
