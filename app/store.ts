import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { type DatabaseHandle, type Db, openDatabase } from '../db/client.ts'
import { type DatabaseFault, databaseFault } from '../db/codec.ts'
import { hasUnknownMigrations, migrateUp, migrationStatus } from '../db/migrate.ts'
import { describeAddress } from './config.ts'
import { StartupError } from './errors/startup-error.ts'
import type { Config } from './settings.ts'

/** When the schema is brought up to date: at once, only in a database that has none yet, or not at all. */
export type Migrate = 'always' | 'when-new' | 'never'

/**
 * Opens the configured database with the schema that this program needs, or throws a StartupError
 * that says in one line what is wrong.
 */
export async function openStore(config: Config, migrate: Migrate): Promise<DatabaseHandle> {
  const handle = connect(config)
  try {
    await prepare(handle.db, migrate)
    return handle
  } catch (err) {
    await handle.close().catch(() => {})
    throw explainDatabase(err, config)
  }
}

/** Opens the configured database as it is; makes the folder of a SQLite file. */
export function connect(config: Config): DatabaseHandle {
  const url = config.databaseUrl.reveal()
  try {
    if (url.startsWith('sqlite:')) {
      makePrivateFile(url.slice('sqlite:'.length))
    }
    return openDatabase(url)
  } catch (err) {
    throw explainDatabase(err, config)
  }
}

/** The database holds password hashes; SQLite gives its other files the mode of this one. */
function makePrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

/** A database error as one line for the operator. Anything else comes back as it is. */
export function explainDatabase(err: unknown, config: Config): unknown {
  if (err instanceof StartupError) return err
  const where = describeAddress(config.databaseUrl)
  const advice = where.startsWith('sqlite:') ? SQLITE_ADVICE : POSTGRES_ADVICE
  const known = advice[databaseFault(err)]
  if (known) return new StartupError(`the database ${where} ${known}${reason(err)}`, { cause: err })
  return err
}

type Advice = Readonly<Partial<Record<DatabaseFault, string>>>

const COMMON_ADVICE: Advice = {
  busy: 'stayed locked by another process; find out which, and try again',
  schema: 'has another schema than this program needs; run: parallama migrate up',
  broken:
    'is damaged or no database; restore it from a backup, or choose another with database_url',
}

const SQLITE_ADVICE: Advice = {
  ...COMMON_ADVICE,
  unreachable: "can't be opened or made; check that its folder exists and may be written",
  'read-only': "can't be written; check the owner and mode of the file and its folder",
  full: "can't be written because the disk is full or failing; make room and try again",
}

const POSTGRES_ADVICE: Advice = {
  ...COMMON_ADVICE,
  unreachable:
    "can't be reached; check database_url, its user and password, and that it is running",
  'read-only': 'is read-only; is it a standby? Point database_url at the primary',
  full: 'has no disk space left; make room and try again',
}

/** What the system or PostgreSQL said, in words; never its own text, which may quote a password. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  CONNECT_TIMEOUT: 'no answer',
  '28P01': 'wrong user or password',
  '28000': 'this user may not log in',
  '3D000': 'no such database',
  '57P03': 'it is starting up',
}

function reason(err: unknown): string {
  const code = err instanceof Error && 'code' in err ? String(err.code) : ''
  return REASONS[code] ? ` (${REASONS[code]})` : ''
}

async function prepare(db: Db, migrate: Migrate): Promise<void> {
  if (await hasUnknownMigrations(db)) {
    throw new StartupError(
      'the database was migrated by a later version of this program; install that, or restore a backup',
    )
  }
  if (migrate === 'always') {
    await migrateUp(db)
    return
  }
  const migrations = await migrationStatus(db)
  const pending = migrations.filter(({ executedAt }) => !executedAt)
  if (pending.length === 0) return
  if (migrate === 'when-new' && pending.length === migrations.length) {
    await migrateUp(db)
    return
  }
  throw new StartupError(
    `the database lacks the migration ${pending[0]?.name}; run: parallama migrate up`,
  )
}
