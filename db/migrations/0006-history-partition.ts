import { type Kysely, PostgresAdapter, sql } from 'kysely'

/** What servers that make and drop partitions take turns by: one may be running. */
const LOCK = 7_218_455_001

/**
 * Requests of before there were days lie in the default partition, which PostgreSQL reads whole, with everybody
 * waiting, each time that a day is added. They become a partition of their own, of all that came before the
 * first day; the default one begins anew.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  if (!isPostgres(db)) return
  await takeTurn(db)
  const date = await firstDay(db)
  const first = sql.lit(firstIdOf(date))
  const { rows } = await sql`select 1 from requests_rest where id < ${first} limit 1`.execute(db)
  if (rows.length === 0) return
  const history = sql.id(`requests_before_${date}`)
  await sql`alter table requests detach partition requests_rest`.execute(db)
  await sql`alter table requests_rest rename to ${history}`.execute(db)
  await sql`create table requests_rest partition of requests default`.execute(db)
  await sql`
    with later as (delete from ${history} where id >= ${first} returning *)
    insert into requests select * from later
  `.execute(db)
  await sql`
    alter table requests attach partition ${history} for values from (minvalue) to (${first})
  `.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  if (!isPostgres(db)) return
  await takeTurn(db)
  const [name] = await partitionsLike(db, '^requests_before_[0-9]{8}$')
  if (name === undefined) return
  const history = sql.id(name)
  await sql`alter table requests detach partition ${history}`.execute(db)
  await sql`alter table requests detach partition requests_rest`.execute(db)
  await sql`insert into ${history} select * from requests_rest`.execute(db)
  await sql`drop table requests_rest`.execute(db)
  await sql`alter table ${history} rename to requests_rest`.execute(db)
  await sql`alter table requests attach partition requests_rest default`.execute(db)
}

async function takeTurn(db: Kysely<unknown>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(db)
}

/** The first day of UTC that has a partition, as in 20261130; today where none has one yet, as it will soon. */
async function firstDay(db: Kysely<unknown>): Promise<string> {
  const [first] = await partitionsLike(db, '^requests_[0-9]{8}$')
  return (first?.slice(-8) ?? new Date().toISOString().slice(0, 10)).replaceAll('-', '')
}

async function partitionsLike(db: Kysely<unknown>, pattern: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'requests'::regclass and relname ~ ${pattern} order by relname
  `.execute(db)
  return rows.map(({ name }) => name)
}

/** The text before which the ids sort of all requests that arrived before that day. */
function firstIdOf(date: string): string {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(date) ?? []
  const time = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const hex = time.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

const isPostgres = (db: Kysely<unknown>): boolean =>
  db.getExecutor().adapter instanceof PostgresAdapter
