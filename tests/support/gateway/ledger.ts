import type { Db } from '../../../db/client.ts'
import type { RequestsTable } from '../../../db/schema.ts'

/** The rows that a user's requests left, as they are in the database, the oldest first. */
export const ledgerOf = (db: Db, userId: string): Promise<RequestsTable[]> =>
  db
    .selectFrom('requests')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('started_at')
    .orderBy('id')
    .execute()
