import { sql } from 'kysely'
import type { Db } from '../client.ts'
import { firstIdAt } from '../ids.ts'

const DAY_MS = 86_400_000
/** How long whoever uses the ledger may keep a change of its partitions waiting; else it is tried the next time. */
const LOCK_TIMEOUT = '2s'
/** What two servers must not do at a time. */
const LOCK = 7_218_455_001
/** Rows of which no day has a partition. */
const REST = 'requests_rest'

const nameOf = (day: number): string =>
  `requests_${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`

/** The days of UTC that have a partition, as the epoch ms they begin at, the oldest first. On PostgreSQL. */
export async function partitionDays(db: Db): Promise<number[]> {
  const { rows } = await sql<{ name: string }>`
    select child.relname as name from pg_inherits
    join pg_class child on child.oid = inhrelid
    where inhparent = 'requests'::regclass
  `.execute(db)
  return rows.flatMap(({ name }) => dayOf(name) ?? []).sort((a, b) => a - b)
}

function dayOf(name: string): number | null {
  const [, year, month, date] = /^requests_(\d{4})(\d\d)(\d\d)$/.exec(name) ?? []
  return year === undefined ? null : Date.UTC(Number(year), Number(month) - 1, Number(date))
}

/**
 * Makes the partition of the day of UTC that begins at `day`, in epoch ms, and moves there what has come of
 * it already; does nothing when there is one. On PostgreSQL.
 */
export async function createPartition(db: Db, day: number): Promise<void> {
  await alone(db, async (tx) => {
    if ((await partitionDays(tx)).includes(day)) return
    const [name, rest] = [sql.id(nameOf(day)), sql.id(REST)]
    const [from, to] = [sql.lit(firstIdAt(day)), sql.lit(firstIdAt(day + DAY_MS))]
    await sql`lock table ${rest} in access exclusive mode`.execute(tx)
    await sql`create table ${name} (like requests including all)`.execute(tx)
    await sql`
      with moved as (delete from ${rest} where id >= ${from} and id < ${to} returning *)
      insert into ${name} select * from moved
    `.execute(tx)
    await sql`alter table requests attach partition ${name} for values from (${from}) to (${to})`.execute(
      tx,
    )
  })
}

/** Drops the partition of that day with all that is in it. On PostgreSQL. */
export async function dropPartition(db: Db, day: number): Promise<void> {
  await alone(db, async (tx) => {
    await sql`drop table if exists ${sql.id(nameOf(day))}`.execute(tx)
  })
}

/** In a transaction that no other server has at the same time. */
async function alone(db: Db, change: (tx: Db) => Promise<void>): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`set local lock_timeout = ${sql.lit(LOCK_TIMEOUT)}`.execute(tx)
    await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(tx)
    await change(tx)
  })
}
