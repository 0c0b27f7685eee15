import { Kysely } from 'kysely'
import { PostgresJSDialect } from 'kysely-postgres-js'
import postgres from 'postgres'
import { REVISION_CHANNEL } from './codec.ts'
import { sqliteDialect } from './dialect-sqlite.ts'
import type { Schema } from './schema.ts'

const CONNECT_TIMEOUT_S = 10
const MAX_CONNECTIONS = 10

/** A database or a transaction in it; every query function takes one first. */
export type Db = Kysely<Schema>

export interface DatabaseHandle {
  readonly db: Db
  /** Calls `listener` when another process has announced a new revision; a no-op on SQLite. */
  onRevision(listener: () => void): Promise<void>
  close(): Promise<void>
}

/**
 * Opens `sqlite:/path/to/file` or `postgres://…`. Nothing is connected before the first query, whose
 * error then says what is wrong. Throws for any other kind of address.
 */
export function openDatabase(url: string): DatabaseHandle {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length))
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url)
  throw new Error('the database address must begin with sqlite: or postgres://')
}

function openSqlite(path: string): DatabaseHandle {
  const db = new Kysely<Schema>({ dialect: sqliteDialect(path) })
  return { db, onRevision: async () => {}, close: () => db.destroy() }
}

function openPostgres(url: string): DatabaseHandle {
  const client = postgres(url, {
    max: MAX_CONNECTIONS,
    connect_timeout: CONNECT_TIMEOUT_S,
    onnotice: () => {},
    connection: { application_name: 'parallama' },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  })
  const db = new Kysely<Schema>({ dialect: new PostgresJSDialect({ postgres: client }) })
  return {
    db,
    onRevision: async (listener) => {
      await client.listen(REVISION_CHANNEL, listener, listener)
    },
    close: async () => {
      await db.destroy()
      await client.end({ timeout: 5 })
    },
  }
}
