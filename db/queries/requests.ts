import type { Db } from '../client.ts'
import type { RequestsTable } from '../schema.ts'

export interface UsageFilter {
  /** Only requests that started at or after this time, in epoch ms. */
  readonly since: number
  readonly gateway?: string | undefined
  readonly model?: string | undefined
  /** At most so many rows, the newest ones. */
  readonly limit: number
}

/** Adds rows; one whose id is there already is left as it is, so that a retry adds nothing. */
export async function insertRequests(db: Db, rows: readonly RequestsTable[]): Promise<void> {
  await db
    .insertInto('requests')
    .values(rows)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

/** The requests of one user, the newest first. */
export async function listRequests(
  db: Db,
  userId: string,
  filter: UsageFilter,
): Promise<RequestsTable[]> {
  let query = db
    .selectFrom('requests')
    .selectAll()
    .where('user_id', '=', userId)
    .where('started_at', '>=', filter.since)
  if (filter.gateway) query = query.where('gateway', '=', filter.gateway)
  if (filter.model) query = query.where('model', '=', filter.model)
  return await query
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.limit)
    .execute()
}
