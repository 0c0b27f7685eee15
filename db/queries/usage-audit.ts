import { sql } from 'kysely'
import type { Db } from '../client.ts'
import { firstIdAt, highestIdUntil, lowestIdSince } from '../ids.ts'
import type { RequestsTable, UsageHourlyTable } from '../schema.ts'

/** Rows that are read at once. */
const PAGE = 2000

/** The rows of the requests that arrived from `from` on and before `until`, in epoch ms, a page at a time. */
export async function* rowsBetween(
  db: Db,
  from: number,
  until: number,
): AsyncGenerator<RequestsTable[]> {
  for (let after = firstIdAt(from); ; ) {
    const rows = await db
      .selectFrom('requests')
      .selectAll()
      .where('id', '>', after)
      .where('id', '<', firstIdAt(until))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    yield rows
    const last = rows.at(-1)
    if (!last || rows.length < PAGE) return
    after = last.id
  }
}

/** The sums of the hours from `from` on and before `until`. */
export async function hoursBetween(
  db: Db,
  from: number,
  until: number,
): Promise<UsageHourlyTable[]> {
  return await db
    .selectFrom('usage_hourly')
    .selectAll()
    .where('hour', '>=', from)
    .where('hour', '<', until)
    .execute()
}

/** What the ledger has of one process: how its requests ended, and their tokens. */
export interface NodeSums {
  readonly gateway: string
  readonly operation: string
  readonly outcome: string
  readonly requests: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
}

/** The sums of the process whose ids end in `node`, of the requests that ended before `until`, in epoch ms. */
export async function nodeSums(
  db: Db,
  node: string,
  since: number,
  until: number,
): Promise<NodeSums[]> {
  return await db
    .selectFrom('requests')
    .select([
      'gateway',
      'operation',
      'outcome',
      sql<number>`cast(count(*) as bigint)`.as('requests'),
      sql<number>`cast(sum(prompt_tokens) as bigint)`.as('prompt_tokens'),
      sql<number>`cast(sum(completion_tokens) as bigint)`.as('completion_tokens'),
    ])
    .where('id', '>=', lowestIdSince(since))
    .where('id', '<', highestIdUntil(until))
    .where('id', 'like', `%-${node}`)
    .where('outcome', '!=', 'expired')
    .where('ended_at', '<', until)
    .groupBy(['gateway', 'operation', 'outcome'])
    .execute()
}
