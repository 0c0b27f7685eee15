import { sql } from 'kysely'
import type { Db } from '../client.ts'
import { firstIdAt } from '../ids.ts'

const DAY_MS = 86_400_000
/**
 * How long a change may wait for those who use the ledger, in ms: whoever comes meanwhile waits behind it.
 * Then it is given up, and can be tried again.
 */
const LOCK_TIMEOUT_MS = 150
/** How long it may wait for another server's change, in ms: nobody is kept waiting by that. */
const TURN_TIMEOUT_MS = 2000
/** What two servers must not do at a time. */
const LOCK = 7_218_455_001
/** Rows of which no day has a partition. */
const REST = 'requests_rest'

/** A part of the requests that is a table of its own. */
export interface RequestPartition {
  readonly name: string
  /** When its requests arrived: from `from` on and before `until`, in epoch ms. */
  readonly from: number
  readonly until: number
}

/**
 * The partitions that are of a time: of a day of UTC each, and of all that came before there were days. The
 * oldest first. On PostgreSQL.
 */
export async function requestPartitions(db: Db): Promise<RequestPartition[]> {
  const { rows } = await sql<{ name: string }>`
    select child.relname as name from pg_inherits
    join pg_class child on child.oid = inhrelid
    where inhparent = 'requests'::regclass
  `.execute(db)
  return rows.flatMap(({ name }) => partitionOf(name) ?? []).sort((a, b) => a.until - b.until)
}

function partitionOf(name: string): RequestPartition | null {
  const [, before, year, month, date] = /^requests_(before_)?(\d{4})(\d\d)(\d\d)$/.exec(name) ?? []
  if (year === undefined) return null
  const day = Date.UTC(Number(year), Number(month) - 1, Number(date))
  return before
    ? { name, from: Number.NEGATIVE_INFINITY, until: day }
    : { name, from: day, until: day + DAY_MS }
}

/** Whether a partition is of that time, in epoch ms. */
export const isCovered = (partitions: readonly RequestPartition[], ms: number): boolean =>
  partitions.some(({ from, until }) => from <= ms && ms < until)

/**
 * Makes the partition of the day of UTC that begins at `day`, in epoch ms, and moves there what has come of
 * it already; does nothing when there is one. Fails as `busy` when others use the ledger so that it can't be
 * done at once. On PostgreSQL.
 */
export async function createPartition(db: Db, day: number): Promise<void> {
  await inTurn(db, async (tx) => {
    if (isCovered(await requestPartitions(tx), day)) return
    const date = new Date(day).toISOString().slice(0, 10).replaceAll('-', '')
    const [name, rest] = [sql.id(`requests_${date}`), sql.id(REST)]
    const [from, to] = [sql.lit(firstIdAt(day)), sql.lit(firstIdAt(day + DAY_MS))]
    // Who adds a row waits here, and finds the partition; behind the other lock it would be refused.
    await sql`lock table requests in share row exclusive mode`.execute(tx)
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

/** Drops a partition with all that is in it; fails as `createPartition` does. On PostgreSQL. */
export async function dropPartition(db: Db, name: string): Promise<void> {
  await inTurn(db, async (tx) => {
    await sql`drop table if exists ${sql.id(name)}`.execute(tx)
  })
}

/** In a transaction that no other server has at the same time. */
async function inTurn(db: Db, change: (tx: Db) => Promise<void>): Promise<void> {
  const waitAtMost = (ms: number) => sql`set local lock_timeout = ${sql.lit(ms)}`
  await db.transaction().execute(async (tx) => {
    await waitAtMost(TURN_TIMEOUT_MS).execute(tx)
    await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(tx)
    await waitAtMost(LOCK_TIMEOUT_MS).execute(tx)
    await change(tx)
  })
}
