import { sql } from 'kysely'
import type { Db } from '../client.ts'
import { inByteOrder } from '../codec.ts'

/** What went through a gateway in some time. */
export interface GatewayActivity {
  readonly gateway: string
  readonly requests: number
  readonly failed: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  /** How many requests had a first token, and the sum of the times until then. */
  readonly first_tokens: number
  readonly first_token_ms: number
  readonly total_ms: number
}

/**
 * What went through each gateway since that id, without those through which nothing went. Ids are in the
 * order of time, so the primary key finds the last minutes in a ledger of years.
 */
export async function gatewayActivity(db: Db, sinceId: string): Promise<GatewayActivity[]> {
  return await activityQuery(db, sinceId).execute()
}

/** The statement, for all gateways at once. */
export const activityQuery = (db: Db, sinceId: string) =>
  db
    .selectFrom('requests')
    .select([
      'gateway',
      count('*').as('requests'),
      count(`case when outcome = 'failed' then 1 end`).as('failed'),
      sum('prompt_tokens').as('prompt_tokens'),
      sum('completion_tokens').as('completion_tokens'),
      count('first_token_ms').as('first_tokens'),
      sum('first_token_ms').as('first_token_ms'),
      sum('total_ms').as('total_ms'),
    ])
    .where('id', '>=', sinceId)
    .groupBy('gateway')
    .orderBy(inByteOrder(db, 'gateway'))

/** Both as the same type of number on both databases. */
const count = (what: string) => sql<number>`cast(count(${sql.raw(what)}) as bigint)`
const sum = (column: string) => sql<number>`cast(coalesce(sum(${sql.ref(column)}), 0) as bigint)`
