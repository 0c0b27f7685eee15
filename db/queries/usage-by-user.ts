import { sql } from 'kysely'
import type { Db } from '../client.ts'
import { inByteOrder } from '../codec.ts'

export interface UsageByUserFilter {
  /** The hours that begin at or after it, and before `until`, in epoch ms. */
  readonly from: number
  readonly until: number
  readonly gateway?: string | undefined
  /** Whose; everybody's when left out. */
  readonly userIds?: readonly string[] | undefined
}

/** What one user did with one model, and what the user is called. */
export interface UsageByUser {
  readonly user_id: string
  readonly username: string | null
  readonly deleted_at: number | null
  readonly model: string
  readonly requests: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly compute_ms: number
  readonly cold_loads: number
  readonly cold_load_ms: number
  readonly queue_ms: number
}

/** What each user did with each model, from the hourly sums; of deleted users, too. */
export async function usageByUser(db: Db, filter: UsageByUserFilter): Promise<UsageByUser[]> {
  if (filter.userIds?.length === 0) return []
  return await usageByUserQuery(db, filter).execute()
}

/** The statement. */
export function usageByUserQuery(db: Db, { from, until, gateway, userIds }: UsageByUserFilter) {
  let used = db
    .selectFrom('usage_hourly')
    .select([
      'user_id',
      'model',
      sum('requests').as('requests'),
      sum('prompt_tokens').as('prompt_tokens'),
      sum('completion_tokens').as('completion_tokens'),
      sum('compute_ms').as('compute_ms'),
      sum('cold_loads').as('cold_loads'),
      sum('cold_load_ms').as('cold_load_ms'),
      sum('queue_ms').as('queue_ms'),
    ])
    .where('hour', '>=', from)
    .where('hour', '<', until)
    .where('user_id', '<>', '*')
    .groupBy(['user_id', 'model'])
  if (gateway !== undefined) used = used.where('gateway', '=', gateway)
  if (userIds) used = used.where('user_id', 'in', userIds)
  return db
    .selectFrom(used.as('used'))
    .leftJoin('users', 'users.id', 'used.user_id')
    .selectAll('used')
    .select(['users.username', 'users.deleted_at'])
    .orderBy(inByteOrder(db, 'used.user_id'))
    .orderBy(inByteOrder(db, 'used.model'))
}

/** The same type of number on both databases. */
const sum = (column: string) => sql<number>`cast(sum(${sql.ref(column)}) as bigint)`
