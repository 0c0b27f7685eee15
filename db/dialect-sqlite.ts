import {
  CompiledQuery,
  type Dialect,
  type Driver,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely'
import { SqliteConnection } from './sqlite-connection.ts'

/** Readers never wait for a writer in WAL mode, as long as they have a connection of their own. */
const CONNECTIONS = 4

/** Kysely on `bun:sqlite`: one file, several connections, safe with several processes. */
export const sqliteDialect = (path: string): Dialect => ({
  createDriver: () => new SqliteDriver(path),
  createAdapter: () => new TransactionalSqliteAdapter(),
  createQueryCompiler: () => new BacktickQueryCompiler(),
  createIntrospector: (db) => new SqliteIntrospector(db),
})

/** Migrations run in one transaction here, so that of two processes one migrates and one waits. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

/** In double quotes an unknown column would be a text to SQLite, and a wrong schema read as data. */
class BacktickQueryCompiler extends SqliteQueryCompiler {
  protected override getLeftIdentifierWrapper(): string {
    return '`'
  }
  protected override getRightIdentifierWrapper(): string {
    return '`'
  }
  protected override sanitizeIdentifier(identifier: string): string {
    return identifier.replaceAll('`', '``')
  }
}

class SqliteDriver implements Driver {
  readonly #path: string
  readonly #all: SqliteConnection[] = []
  readonly #idle: SqliteConnection[] = []
  readonly #waiting: ((connection: SqliteConnection) => void)[] = []

  constructor(path: string) {
    this.#path = path
  }

  async init(): Promise<void> {
    for (let i = 0; i < CONNECTIONS; i++) this.#all.push(await SqliteConnection.open(this.#path))
    this.#idle.push(...this.#all)
  }

  async acquireConnection(): Promise<SqliteConnection> {
    return this.#idle.pop() ?? (await new Promise((resolve) => this.#waiting.push(resolve)))
  }

  async releaseConnection(connection: SqliteConnection): Promise<void> {
    const next = this.#waiting.shift()
    if (next) next(connection)
    else this.#idle.push(connection)
  }

  /** Takes the write lock at once: a lock that is upgraded later can fail half-way. */
  async beginTransaction(
    connection: SqliteConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    const begin = settings.accessMode === 'read only' ? 'begin' : 'begin immediate'
    await connection.executeQuery(CompiledQuery.raw(begin))
  }

  async commitTransaction(connection: SqliteConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    if (connection.isInTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async destroy(): Promise<void> {
    for (const connection of this.#all) connection.close()
  }
}
