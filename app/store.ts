import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type DatabaseHandle, type Db, openDatabase } from '../db/client.ts'
import { databaseFault } from '../db/codec.ts'
import { migrateUp, migrationStatus } from '../db/migrate.ts'
import { describeDatabase } from './config.ts'
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
      mkdirSync(dirname(url.slice('sqlite:'.length)), { recursive: true, mode: 0o700 })
    }
    return openDatabase(url)
  } catch (err) {
    throw explainDatabase(err, config)
  }
}

/** A database error as one line for the operator. Anything else comes back as it is. */
export function explainDatabase(err: unknown, config: Config): unknown {
  if (err instanceof StartupError) return err
  const where = describeDatabase(config.databaseUrl)
  const why = err instanceof Error ? err.message : String(err)
  const lines = {
    unreachable: `the database ${where} can't be opened (${why}); check database_url and that it is running`,
    'read-only': `the database ${where} can't be written (${why}); check the owner and mode of its folder`,
    full: `the disk that holds the database ${where} is full; make room and start again`,
    busy: `the database ${where} stayed locked by another process; find out which, and try again`,
    schema: `the database ${where} has another schema than this program needs; run: parallama migrate up`,
    unique: null,
    unknown: null,
  }
  const line = lines[databaseFault(err)]
  if (line) return new StartupError(line, { cause: err })
  if (/corrupted migrations/.test(why)) {
    return new StartupError(
      `the database ${where} was migrated by another version of this program; install that version`,
      { cause: err },
    )
  }
  return err
}

async function prepare(db: Db, migrate: Migrate): Promise<void> {
  if (migrate === 'always') {
    await migrateUp(db)
    return
  }
  const migrations = await migrationStatus(db)
  const pending = migrations.filter(({ executedAt }) => !executedAt)
  if (pending.length === 0) return
  if (migrate === 'when-new' && pending.length === migrations.length) await migrateUp(db)
  else
    throw new StartupError(
      `the database lacks the migration ${pending[0]?.name}; run: parallama migrate up`,
    )
}
