import { type Kysely, PostgresAdapter, sql } from 'kysely'
import type { Schema } from './schema.ts'

/** Channel on which PostgreSQL tells every process that the revision has changed. */
export const REVISION_CHANNEL = 'parallama_revision'

/** What went wrong in the database, in terms that both dialects share. */
export type DatabaseFault =
  | 'unique'
  | 'busy'
  | 'full'
  | 'read-only'
  | 'unreachable'
  | 'broken'
  | 'schema'
  | 'refused'
  | 'unknown'

const FAULTS: Record<string, DatabaseFault> = {
  '23505': 'unique',
  SQLITE_CONSTRAINT_UNIQUE: 'unique',
  SQLITE_CONSTRAINT_PRIMARYKEY: 'unique',
  '55P03': 'busy',
  SQLITE_BUSY: 'busy',
  SQLITE_BUSY_SNAPSHOT: 'busy',
  SQLITE_BUSY_RECOVERY: 'busy',
  SQLITE_LOCKED: 'busy',
  '53100': 'full',
  SQLITE_FULL: 'full',
  ENOSPC: 'full',
  '25006': 'read-only',
  SQLITE_READONLY: 'read-only',
  SQLITE_READONLY_DIRECTORY: 'read-only',
  SQLITE_READONLY_DBMOVED: 'read-only',
  EACCES: 'read-only',
  EROFS: 'read-only',
  SQLITE_CORRUPT: 'broken',
  SQLITE_NOTADB: 'broken',
  SQLITE_CANTOPEN: 'unreachable',
  ECONNREFUSED: 'unreachable',
  ENOTFOUND: 'unreachable',
  CONNECT_TIMEOUT: 'unreachable',
  CONNECTION_CLOSED: 'unreachable',
  CONNECTION_ENDED: 'unreachable',
  CONNECTION_DESTROYED: 'unreachable',
  '57P03': 'unreachable',
  '28P01': 'unreachable',
  '28000': 'unreachable',
  '3D000': 'unreachable',
  '42P01': 'schema',
  '42703': 'schema',
  '23502': 'refused',
  '54000': 'refused',
  SQLITE_CONSTRAINT_NOTNULL: 'refused',
  SQLITE_CONSTRAINT_CHECK: 'refused',
  SQLITE_CONSTRAINT_DATATYPE: 'refused',
  SQLITE_MISMATCH: 'refused',
  SQLITE_TOOBIG: 'refused',
}

/** PostgreSQL's class of codes for data that can't be what it is to be, such as a text with a zero byte. */
const DATA_EXCEPTION = /^22\w{3}$/

/** Reads the driver's error code, wherever the driver put it. */
export function databaseFault(err: unknown): DatabaseFault {
  if (!(err instanceof Error)) return 'unknown'
  const code = (err as { code?: unknown }).code
  if (typeof code === 'string' && FAULTS[code]) return FAULTS[code]
  if (DATA_EXCEPTION.test(String(code))) return 'refused'
  // What the system reports as an input/output error is nearly always a disk without room.
  if (String(code).startsWith('SQLITE_IOERR')) return 'full'
  if (/no such (table|column)/.test(err.message)) return 'schema'
  if (/database or disk is full/.test(err.message)) return 'full'
  if (/readonly database/.test(err.message)) return 'read-only'
  return 'unknown'
}

/** A text column in the order of its bytes: PostgreSQL would otherwise sort as its locale does. */
export function inByteOrder<Column extends string>(db: Kysely<Schema>, column: Column) {
  const reference = sql.ref<string>(column)
  return isPostgres(db) ? sql<string>`${reference} collate "C"` : reference
}

/** Whether the database is PostgreSQL: for what is worth a statement of its own there. */
export const isPostgres = (db: Kysely<Schema>): boolean =>
  db.getExecutor().adapter instanceof PostgresAdapter

/** Tells other processes, when the transaction commits, that the revision has changed. */
export async function announceRevision(db: Kysely<Schema>): Promise<void> {
  if (!isPostgres(db)) return
  await sql`select pg_notify(${REVISION_CHANNEL}, '')`.execute(db)
}

/**
 * The database's own time in epoch ms, on which all servers that share it agree; null on SQLite, where
 * they share the machine and its clock.
 */
export async function databaseTime(db: Kysely<Schema>): Promise<number | null> {
  if (!isPostgres(db)) return null
  const { rows } = await sql<{ now: number }>`
    select cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint) as now
  `.execute(db)
  return rows[0]?.now ?? null
}
