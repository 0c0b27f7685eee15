import { Database, type SQLQueryBindings } from 'bun:sqlite'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import type { Repeated } from './client.ts'
import { databaseFault } from './codec.ts'

/** How long a statement waits for another process's write lock before it fails, in ms. */
const LOCK_WAIT_MS = 15_000
/** A checkpoint waits for the disk, and everybody with it: rarer than SQLite's 1000 pages of 4 KiB. */
const CHECKPOINT_PAGES = 8192
const FIRST_RETRY_MS = 2
const LAST_RETRY_MS = 25

/**
 * One SQLite connection. Waiting for another writer is done here, between attempts: SQLite's own
 * busy timeout would block the event loop, and every stream of the process with it.
 */
export class SqliteConnection implements DatabaseConnection {
  readonly #database: Database

  private constructor(database: Database) {
    this.#database = database
  }

  /**
   * Opens or creates the file in WAL mode, with so many KiB of it kept in memory. Throws the driver's error
   * when it can't.
   */
  static async open(path: string, cacheKib = 2000): Promise<SqliteConnection> {
    const database = new Database(path, { create: true, readwrite: true })
    database.run('pragma busy_timeout = 0')
    await whenUnlocked(() => database.run('pragma journal_mode = wal'))
    database.run('pragma synchronous = normal')
    database.run(`pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    database.run('pragma foreign_keys = on')
    database.run(`pragma cache_size = -${cacheKib}`)
    return new SqliteConnection(database)
  }

  /** Runs a statement; waits without blocking while another process holds the write lock. */
  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    return await whenUnlocked(() => this.#execute<Row>(query))
  }

  /** The rows that a statement gives; waits like `executeQuery`. */
  async run<Row>(sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    const statement = this.#database.query(sql)
    return await whenUnlocked(() => statement.all(...(parameters as SQLQueryBindings[])) as Row[])
  }

  /**
   * Runs statements in one transaction, each once for every one of its lists of parameters; waits like
   * `executeQuery`. Nothing else of this process happens in between.
   */
  async runTogether(statements: readonly Repeated[]): Promise<void> {
    const prepared = statements.map(({ sql, times }) => ({
      statement: this.#database.query(sql),
      times,
    }))
    const all = this.#database.transaction(() => {
      for (const { statement, times } of prepared) {
        for (const parameters of times) statement.run(...(parameters as SQLQueryBindings[]))
      }
    })
    await whenUnlocked(() => all.immediate())
  }

  /** A number that changes when another connection, of this process or another, has committed. */
  dataVersion(): number {
    const row = this.#database.query('pragma data_version').get()
    return (row as { readonly data_version: number }).data_version
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    const statement = this.#database.query(query.sql)
    for (const row of statement.iterate(...(query.parameters as SQLQueryBindings[]))) {
      yield { rows: [row as Row] }
    }
  }

  /** False when SQLite has already rolled back by itself, as it does when the disk is full. */
  get isInTransaction(): boolean {
    return this.#database.inTransaction
  }

  close(): void {
    this.#database.close()
  }

  #execute<Row>(query: CompiledQuery): QueryResult<Row> {
    const statement = this.#database.query(query.sql)
    const parameters = query.parameters as SQLQueryBindings[]
    if (statement.columnNames.length > 0) return { rows: statement.all(...parameters) as Row[] }
    const { changes, lastInsertRowid } = statement.run(...parameters)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }
}

async function whenUnlocked<T>(attempt: () => T): Promise<T> {
  const deadline = performance.now() + LOCK_WAIT_MS
  for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LAST_RETRY_MS)) {
    try {
      return attempt()
    } catch (err) {
      if (databaseFault(err) !== 'busy' || performance.now() > deadline) throw err
    }
    await new Promise((resolve) => setTimeout(resolve, delayMs))
  }
}
