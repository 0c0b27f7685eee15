import type { Db } from '../client.ts'
import { highestIdUntil, lowestIdSince } from '../ids.ts'
import type { RequestsTable } from '../schema.ts'

export interface ExportFilter {
  readonly userId?: string | undefined
  /** Requests that started at or after it, and before `until`, in epoch ms. */
  readonly from: number
  readonly until: number
  readonly gateway?: string | undefined
  readonly model?: string | undefined
  /** The last row of the page before. */
  readonly after?: Pick<RequestsTable, 'id' | 'started_at'> | undefined
  readonly limit: number
}

/**
 * So many requests, the oldest first, those after one: of everybody in the order of the primary key, of a
 * user in that of the index on users and times.
 */
export async function exportRequests(
  db: Db,
  filter: ExportFilter,
): Promise<(RequestsTable & { readonly username: string | null })[]> {
  const { userId, from, until, gateway, model, after, limit } = filter
  let query = db
    .selectFrom('requests')
    .leftJoin('users', 'users.id', 'requests.user_id')
    .selectAll('requests')
    .select('users.username')
    .where('requests.started_at', '>=', from)
    .where('requests.started_at', '<', until)
    .where('requests.id', '<', highestIdUntil(until))
  if (gateway !== undefined) query = query.where('requests.gateway', '=', gateway)
  if (model !== undefined) query = query.where('requests.model', '=', model)
  if (userId === undefined) {
    // One lower bound: of two, SQLite begins at the one that comes first.
    query = after
      ? query.where('requests.id', '>', after.id)
      : query.where('requests.id', '>=', lowestIdSince(from))
    return await query.orderBy('requests.id').limit(limit).execute()
  }
  query = query
    .where('requests.user_id', '=', userId)
    .where('requests.id', '>=', lowestIdSince(from))
  if (after) {
    const { id, started_at } = after
    query = query
      .where('requests.started_at', '>=', started_at)
      .where((eb) =>
        eb.or([eb('requests.started_at', '>', started_at), eb('requests.id', '>', id)]),
      )
  }
  return await query.orderBy('requests.started_at').orderBy('requests.id').limit(limit).execute()
}
