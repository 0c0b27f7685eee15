import { sql } from 'kysely'
import type { Db } from '../client.ts'
import { inByteOrder } from '../codec.ts'
import type { RequestsTable } from '../schema.ts'

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
  /** When the first of them ended, in epoch ms. */
  readonly first_ended_at: number
}

const READ = [
  'gateway',
  'outcome',
  'status',
  'error_code',
  'prompt_tokens',
  'completion_tokens',
  'first_token_ms',
  'total_ms',
  'ended_at',
] as const satisfies readonly (keyof RequestsTable)[]

/** A request that we or a host failed; not one that was refused for what its caller had sent. */
const FAILED = `outcome = 'failed' and status not between 400 and 499 and coalesce(error_code, '') <> 'not_implemented'`

/**
 * What went through each gateway from that time on, in epoch ms, without those through which nothing went:
 * of the requests that have ended since the newest `most` of all together, as the ledger has no sums of
 * minutes. An index on the end finds the last minutes in a ledger of years.
 */
export async function gatewayActivity(
  db: Db,
  since: number,
  most: number,
): Promise<GatewayActivity[]> {
  return await activityQuery(db, since, most).execute()
}

/** The statement, for all gateways at once. */
export const activityQuery = (db: Db, since: number, most: number) =>
  db
    .selectFrom((eb) =>
      eb
        .selectFrom('requests')
        .select(READ)
        .where('ended_at', '>=', since)
        .orderBy('ended_at', 'desc')
        .limit(most)
        .as('newest'),
    )
    .select([
      'gateway',
      count('*').as('requests'),
      count(`case when ${FAILED} then 1 end`).as('failed'),
      sum('prompt_tokens').as('prompt_tokens'),
      sum('completion_tokens').as('completion_tokens'),
      count('first_token_ms').as('first_tokens'),
      sum('first_token_ms').as('first_token_ms'),
      sum('total_ms').as('total_ms'),
      sql<number>`cast(min(ended_at) as bigint)`.as('first_ended_at'),
    ])
    .groupBy('gateway')
    .orderBy(inByteOrder(db, 'gateway'))

/** Both as the same type of number on both databases. */
const count = (what: string) => sql<number>`cast(count(${sql.raw(what)}) as bigint)`
const sum = (column: string) => sql<number>`cast(coalesce(sum(${sql.ref(column)}), 0) as bigint)`
