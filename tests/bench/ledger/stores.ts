import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { type DatabaseHandle, openDatabase } from '../../../db/client.ts'
import { isPostgres } from '../../../db/codec.ts'
import { migrateUp } from '../../../db/migrate.ts'
import { ownPostgres } from '../../support/servers.ts'

/** As an installation has it that must not lose a row, not as the tests do. */
const DURABLE = [
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  'autovacuum=on',
  'jit=on',
  'shared_buffers=512MB',
  'max_wal_size=4GB',
  'checkpoint_timeout=15min',
]

/** What decides how much a commit costs. */
const TOLD = ['fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'jit']

export type Kind = 'sqlite' | 'postgres'

/** An empty database with the schema, which nobody else uses. */
export type Store = {
  kind: Kind
  url: string
  handle: DatabaseHandle
  /** What it promises when the power fails. */
  durability: string
  dispose: () => Promise<void>
}

/** Makes a database; what it holds is removed at its end unless `keep` is set. */
export const openStore = (kind: Kind, keep = false): Promise<Store> =>
  kind === 'sqlite' ? openSqlite(keep) : openPostgres()

async function openSqlite(keep: boolean): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'parallama-ledger-'))
  const url = `sqlite:${join(folder, 'ledger.db')}`
  return await migrated('sqlite', url, () =>
    keep ? Promise.resolve() : rm(folder, { recursive: true, force: true }),
  )
}

async function openPostgres(): Promise<Store> {
  const server = await ownPostgres(DURABLE)
  if ('skip' in server) throw new Error(server.skip)
  return await migrated('postgres', server.url, () => server.dispose())
}

async function migrated(kind: Kind, url: string, remove: () => Promise<void>): Promise<Store> {
  const handle = openDatabase(url)
  await migrateUp(handle.db)
  const dispose = async (): Promise<void> => {
    await handle.close()
    await remove()
  }
  return { kind, url, handle, durability: await durabilityOf(handle), dispose }
}

async function durabilityOf({ db }: DatabaseHandle): Promise<string> {
  if (!isPostgres(db)) return 'SQLite, journal_mode=wal synchronous=normal'
  const settings = await sql<{ name: string; setting: string }>`
    select name, current_setting(name) as setting from pg_settings
    where name in (${sql.join(TOLD)}) order by name`.execute(db)
  const version = await sql<{ server_version: string }>`show server_version`.execute(db)
  const told = settings.rows.map(({ name, setting }) => `${name}=${setting}`).join(' ')
  return `PostgreSQL ${version.rows[0]?.server_version}, ${told}`
}
