import { Kysely } from 'kysely'
import { PostgresJSDialect } from 'kysely-postgres-js'
import postgres from 'postgres'
import { REVISION_CHANNEL } from './codec.ts'
import { withDeadline } from './deadline.ts'
import { sqliteDialect } from './dialect-sqlite.ts'
import { createOwnConnection } from './own-connection.ts'
import type { Schema } from './schema.ts'
import { SqliteConnection } from './sqlite-connection.ts'

/** In seconds, as the driver takes it; its own default would look like a hang. */
const CONNECT_TIMEOUT_S = 5
/** How long to wait before a lost connection is made again, in seconds. */
const RECONNECT_S = 0.2
/** How long running queries may take to end when the database is closed, in seconds. */
const CLOSE_TIMEOUT_S = 1
const MAX_CONNECTIONS = 10
/** How often SQLite is asked whether anything was committed, in ms: that takes a few µs. */
const WATCH_MS = 20
/** What a busy hour writes to the ledger touches more pages than SQLite's usual 2 MB, which are read again each time. */
const LEDGER_CACHE_KIB = 16_384

/** A statement and the parameters of each time that it is run. */
export interface Repeated {
  readonly sql: string
  readonly times: readonly (readonly unknown[])[]
}

/** A database or a transaction in it; every query function takes one first. */
export type Db = Kysely<Schema>

export interface DatabaseHandle {
  readonly db: Db
  /**
   * The rows of a statement that is the same each time, past the query builder and on a connection of its own: for
   * what every request does. What is run meanwhile is sent at once, and comes after it. On PostgreSQL it
   * rejects with a DatabaseTimeoutError after 3 s; the statement may still take effect then.
   */
  run<Row extends object>(sql: string, parameters: readonly unknown[]): Promise<readonly Row[]>
  /** Runs statements in one transaction, each once for every one of its lists of parameters. */
  runTogether(statements: readonly Repeated[]): Promise<void>
  /** Calls `listener` soon after another process has raised the revision, and perhaps at other times. */
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
  let own: Promise<SqliteConnection> | undefined
  let watch: ReturnType<typeof setInterval> | undefined
  const ownConnection = async (): Promise<SqliteConnection> => {
    own ??= SqliteConnection.open(path, LEDGER_CACHE_KIB)
    return await own.catch((err: unknown) => {
      own = undefined
      throw err
    })
  }
  return {
    db,
    async run(sql, parameters) {
      const connection = await ownConnection()
      return await connection.run(sql, parameters)
    },
    async runTogether(statements) {
      const connection = await ownConnection()
      await connection.runTogether(statements)
    },
    async onRevision(listener) {
      const connection = await ownConnection()
      let seen = connection.dataVersion()
      watch = setInterval(() => {
        const version = versionOf(connection) ?? seen
        if (version === seen) return
        seen = version
        listener()
      }, WATCH_MS)
    },
    async close() {
      clearInterval(watch)
      await db.destroy()
      await own?.then((connection) => connection.close())
    },
  }
}

/** Null when the file can't be read at the moment: whoever needs it in earnest will say so. */
function versionOf(connection: SqliteConnection): number | null {
  try {
    return connection.dataVersion()
  } catch {
    return null
  }
}

function openPostgres(url: string): DatabaseHandle {
  const client = connect(url, MAX_CONNECTIONS)
  // What every request does waits behind nobody's report, and statements reach it in their order.
  const own = createOwnConnection((onclose) => connect(url, 1, onclose))
  const db = new Kysely<Schema>({ dialect: new PostgresJSDialect({ postgres: client }) })
  return {
    db,
    run: own.run,
    async runTogether(statements) {
      await client.begin(async (transaction) => {
        for (const { sql, times } of statements) {
          for (const parameters of times) {
            await transaction.unsafe(sql, toDriver(parameters), { prepare: true })
          }
        }
      })
    },
    onRevision: async (listener) => {
      await client.listen(REVISION_CHANNEL, listener, listener)
    },
    close: async () => {
      // Before Kysely does it without a time limit: a query that never ends would keep us here.
      await Promise.all([client.end({ timeout: CLOSE_TIMEOUT_S }), own.close(CLOSE_TIMEOUT_S)])
      await withDeadline(db.destroy(), 1000).catch(() => {})
    },
  }
}

const connect = (url: string, max: number, onclose = () => {}): postgres.Sql<{ bigint: number }> =>
  postgres(url, {
    max,
    onclose,
    connect_timeout: CONNECT_TIMEOUT_S,
    // The driver's own wait grows to 20 s; a database that is back must be found at once.
    backoff: () => RECONNECT_S,
    onnotice: () => {},
    connection: { application_name: 'parallama' },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  })

const toDriver = (parameters: readonly unknown[]) =>
  [...parameters] as postgres.ParameterOrJSON<never>[]
