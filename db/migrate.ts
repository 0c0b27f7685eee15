import { sql } from 'kysely'
import {
  DEFAULT_MIGRATION_TABLE,
  type MigrationInfo,
  type MigrationResultSet,
  Migrator,
} from 'kysely/migration'
import type { Db } from './client.ts'
import { MIGRATIONS } from './migrations/index.ts'

const migratorFor = (db: Db): Migrator =>
  new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })

/**
 * Brings the schema up to date and returns the names applied, none when there was nothing to do.
 * Takes a lock: of several processes that start together one migrates and the others wait.
 */
export async function migrateUp(db: Db): Promise<string[]> {
  return applied(await migratorFor(db).migrateToLatest())
}

/** Takes the newest migration back and returns its name, or nothing when none is applied. */
export async function migrateDown(db: Db): Promise<string[]> {
  return applied(await migratorFor(db).migrateDown())
}

/** Every known migration and when it was applied. Changes nothing, not even an empty database. */
export async function migrationStatus(db: Db): Promise<readonly MigrationInfo[]> {
  return await migratorFor(db).getMigrations()
}

/** True when a later version of this program has migrated the database. */
export async function hasUnknownMigrations(db: Db): Promise<boolean> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return false
  const { rows } = await sql<{
    name: string
  }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(db)
  return rows.some(({ name }) => !(name in MIGRATIONS))
}

function applied({ error, results = [] }: MigrationResultSet): string[] {
  if (error) throw error
  return results.map(({ migrationName }) => migrationName)
}
