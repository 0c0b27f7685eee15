import type { Db } from '../client.ts'
import { highestIdUntil, lowestIdSince } from '../ids.ts'
import type { RequestsTable } from '../schema.ts'

export interface UsageFilter {
  /** Only requests that started at or after this time, in epoch ms. */
  readonly since: number
  /** And before this one. */
  readonly until?: number | undefined
  readonly gateway?: string | undefined
  readonly model?: string | undefined
  /** At most so many rows, the newest ones. */
  readonly limit: number
}

const COLUMNS = [
  'id',
  'request_id',
  'user_id',
  'key_id',
  'gateway',
  'operation',
  'model',
  'backend',
  'prompt_tokens',
  'completion_tokens',
  'estimated',
  'queue_ms',
  'load_ms',
  'compute_ms',
  'first_token_ms',
  'total_ms',
  'status',
  'outcome',
  'error_code',
  'started_at',
  'ended_at',
] as const satisfies readonly (keyof RequestsTable)[]

/** Which of these requests have a row. */
export async function knownRequests(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.selectFrom('requests').select('id').where('id', 'in', ids).execute()
  return new Set(rows.map(({ id }) => id))
}

/** The requests of one user, the newest first. */
export async function listRequests(
  db: Db,
  userId: string,
  filter: UsageFilter,
): Promise<RequestsTable[]> {
  let query = db
    .selectFrom('requests')
    .select(COLUMNS)
    .where('user_id', '=', userId)
    .where('started_at', '>=', filter.since)
    .where('id', '>=', lowestIdSince(filter.since))
  if (filter.until !== undefined) {
    query = query
      .where('started_at', '<', filter.until)
      .where('id', '<', highestIdUntil(filter.until))
  }
  if (filter.gateway) query = query.where('gateway', '=', filter.gateway)
  if (filter.model) query = query.where('model', '=', filter.model)
  return await query
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.limit)
    .execute()
}

export interface UsagePage extends Omit<UsageFilter, 'limit'> {
  /** Only this user's. */
  readonly userId?: string | undefined
  /** The id of the last request that was seen. */
  readonly after?: string | undefined
  readonly limit: number
}

export type NamedRequestRow = RequestsTable & {
  /** Of a deleted user the name they had. */
  readonly username: string
}

/**
 * So many requests of everybody or of one user, the newest first; those before one. Ids are hex digits
 * in order of time, which every collation sorts the same: the primary key's index serves.
 */
export async function pageOfRequests(db: Db, page: UsagePage): Promise<NamedRequestRow[]> {
  let query = db
    .selectFrom('requests')
    .leftJoin('users', 'users.id', 'requests.user_id')
    .select([...COLUMNS.map((column) => `requests.${column}` as const), 'users.username'])
    .where('requests.started_at', '>=', page.since)
    .where('requests.id', '>=', lowestIdSince(page.since))
  if (page.until !== undefined) query = query.where('requests.started_at', '<', page.until)
  // One upper bound: of two, SQLite begins at the one that comes first.
  const end = page.after ?? (page.until === undefined ? undefined : highestIdUntil(page.until))
  if (end !== undefined) query = query.where('requests.id', '<', end)
  if (page.userId !== undefined) query = query.where('requests.user_id', '=', page.userId)
  if (page.gateway) query = query.where('requests.gateway', '=', page.gateway)
  if (page.model) query = query.where('requests.model', '=', page.model)
  const rows = await query.orderBy('requests.id', 'desc').limit(page.limit).execute()
  return rows.map((row) => ({ ...row, username: row.username ?? '' }))
}
