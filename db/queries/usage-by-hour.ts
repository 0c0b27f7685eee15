import { sql } from 'kysely'
import type { Db } from '../client.ts'
import type { UsageClass } from '../schema-ledger.ts'

/** What everybody did with one model in one hour, through all gateways. */
export type UsageByHour = {
  readonly hour: number
  readonly model: string
} & Readonly<Record<(typeof SUMS)[number] | UsageClass, number>>

const SUMS = ['requests', 'cold_loads', 'cold_load_ms', 'compute_ms', 'queue_ms'] as const

/** The hours that begin at or after that time, in epoch ms, with these classes of histograms. */
export async function usageByHour(
  db: Db,
  from: number,
  classes: readonly UsageClass[],
): Promise<UsageByHour[]> {
  const rows: unknown[] = await db
    .selectFrom('usage_hourly')
    .select(['hour', 'model', ...[...SUMS, ...classes].map((name) => summed(name).as(name))])
    .where('user_id', '=', '*')
    .where('hour', '>=', from)
    .groupBy(['hour', 'model'])
    .orderBy('hour')
    .execute()
  return rows as UsageByHour[]
}

/** The same type of number on both databases. */
const summed = (name: string) => sql<number>`cast(sum(${sql.ref(name)}) as bigint)`
