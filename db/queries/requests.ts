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

export interface UsagePage extends UsageFilter {
  readonly until: number
  /** Only this user's. */
  readonly userId?: string | undefined
  /** The last request that was seen. */
  readonly after?: Pick<RequestsTable, 'id' | 'started_at'> | undefined
}

export type NamedRequestRow = RequestsTable & {
  /** Of a deleted user the name they had. */
  readonly username: string
}

/**
 * So many requests, the newest first, those before one: of everybody in the order of the primary key, of a
 * user in that of the index on users and times. Ids are hex digits in order of time, which every collation
 * sorts the same.
 */
export async function pageOfRequests(db: Db, page: UsagePage): Promise<NamedRequestRow[]> {
  const { userId, since, gateway, model, after, limit } = page
  // One upper bound of the time and one of the id: of two, SQLite begins at the one that comes first.
  const until = after && userId !== undefined ? after.started_at + 1 : page.until
  const end = after && userId === undefined ? after.id : highestIdUntil(until)
  let query = db
    .selectFrom('requests')
    .leftJoin('users', 'users.id', 'requests.user_id')
    .select([...COLUMNS.map((column) => `requests.${column}` as const), 'users.username'])
    .where('requests.started_at', '>=', since)
    .where('requests.started_at', '<', until)
    .where('requests.id', '>=', lowestIdSince(since))
    .where('requests.id', '<', end)
  if (gateway) query = query.where('requests.gateway', '=', gateway)
  if (model) query = query.where('requests.model', '=', model)
  if (userId !== undefined) {
    query = query.where('requests.user_id', '=', userId).orderBy('requests.started_at', 'desc')
    if (after) {
      query = query.where((eb) =>
        eb.or([eb('requests.started_at', '<', after.started_at), eb('requests.id', '<', after.id)]),
      )
    }
  }
  const rows = await query.orderBy('requests.id', 'desc').limit(limit).execute()
  return rows.map((row) => ({ ...row, username: row.username ?? '' }))
}
