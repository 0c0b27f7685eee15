import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../client.ts'
import type { UsageClass, UsageSum } from '../schema-ledger.ts'

const EVERYBODY = '*'

export interface UsageSumsFilter {
  /** Whose; `*` for everybody together. */
  readonly userId: string
  /** The hours that begin at or after it, and before `until`, in epoch ms. */
  readonly from: number
  readonly until: number
  readonly gateway?: string | undefined
  /** As the ledger has it; '' for requests without one. */
  readonly model?: string | undefined
  /** How far local clocks are ahead, from when on; the first one holds from the beginning. */
  readonly offsets: readonly { readonly from: number; readonly offsetMs: number }[]
}

/** What was done through one gateway with one model, or, where these are null, on one day. */
export type UsageSums<Measure extends UsageSum | UsageClass> = {
  /** Days since 1970-01-01, local ones; null for all of them together. */
  readonly day: number | null
  readonly gateway: string | null
  readonly model: string | null
} & Readonly<Record<Measure, number>>

/** The sums of these measures by gateway and model, and those by local day, from the hourly sums alone. */
export async function usageSums<Measure extends UsageSum | UsageClass>(
  db: Db,
  filter: UsageSumsFilter,
  measures: readonly Measure[],
): Promise<UsageSums<Measure>[]> {
  const rows: unknown[] = await usageSumsQuery(db, filter, measures).execute()
  return rows as UsageSums<Measure>[]
}

/** The statement: a range of the primary key is read once, and what it comes to by day, gateway and model summed up twice. */
function usageSumsQuery(
  db: Db,
  filter: UsageSumsFilter,
  measures: readonly (UsageSum | UsageClass)[],
) {
  const sums = measures.map((name) => summed(name).as(name))
  const text = (expression: RawBuilder<unknown>) => sql<string | null>`${expression}`
  const none = sql`cast(null as text)`
  return db
    .with(
      (name) => name('parts').materialized(),
      () => partsQuery(db, filter, measures),
    )
    .selectFrom('parts')
    .select([
      sql<number | null>`cast(null as bigint)`.as('day'),
      text(sql.ref('gateway')).as('gateway'),
      text(sql.ref('model')).as('model'),
      ...sums,
    ])
    .groupBy(['gateway', 'model'])
    .unionAll((eb) =>
      eb
        .selectFrom('parts')
        .select(['day', text(none).as('gateway'), text(none).as('model'), ...sums])
        .groupBy('day'),
    )
}

/** Literals where they are ours: what has no parameters takes PostgreSQL one round trip instead of two. */
function partsQuery(
  db: Db,
  { userId, from, until, gateway, model, offsets }: UsageSumsFilter,
  measures: readonly (UsageSum | UsageClass)[],
) {
  const day = localDay(offsets)
  let query = db
    .selectFrom('usage_hourly')
    .select([day.as('day'), 'gateway', 'model', ...measures.map((name) => summed(name).as(name))])
    .where('user_id', '=', userId === EVERYBODY ? sql.lit(EVERYBODY) : userId)
    .where('hour', '>=', sql.lit(from))
    .where('hour', '<', sql.lit(until))
  if (gateway !== undefined) query = query.where('gateway', '=', gateway)
  if (model !== undefined) query = query.where('model', '=', model)
  return query.groupBy([day, 'gateway', 'model'])
}

const DAY_MS = sql.lit(86_400_000)

/** Literals throughout: PostgreSQL takes two parameters for two expressions, and what is grouped must be what is selected. */
function localDay(offsets: UsageSumsFilter['offsets']): RawBuilder<number | null> {
  const days = offsets.map(({ offsetMs }) => sql`(hour + ${sql.lit(offsetMs)}) / ${DAY_MS}`)
  const last = days.at(-1) ?? sql`hour / ${DAY_MS}`
  if (days.length < 2) return sql<number>`${last}`
  const cases = offsets
    .slice(1)
    .map(({ from }, i) => sql`when hour < ${sql.lit(from)} then ${days[i]}`)
  return sql<number>`case ${sql.join(cases, sql` `)} else ${last} end`
}

const summed = (name: string) => sql<number>`cast(sum(${sql.ref(name)}) as bigint)`

/** Whether anybody ever asked for this model: the first hour that has it is enough to know. */
export async function isModelEver(db: Db, model: string): Promise<boolean> {
  const row = await db
    .selectFrom('usage_hourly')
    .select('hour')
    .where('user_id', '=', EVERYBODY)
    .where('model', '=', model)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** The models that the ledger has ever seen, of everybody. */
export async function modelsEver(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('usage_hourly')
    .select('model')
    .distinct()
    .where('user_id', '=', EVERYBODY)
    .execute()
  return rows.map(({ model }) => model).filter((model) => model !== '')
}
