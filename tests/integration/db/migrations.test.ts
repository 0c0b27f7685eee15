import { expect, test } from 'bun:test'
import { loadConfig } from '../../../app/config.ts'
import { StartupError } from '../../../app/errors/startup-error.ts'
import { type Migrate, openStore } from '../../../app/store.ts'
import { type Db, openDatabase } from '../../../db/client.ts'
import { migrateDown, migrateUp, migrationStatus } from '../../../db/migrate.ts'
import { MIGRATIONS } from '../../../db/migrations/index.ts'
import { listRoles } from '../../../db/queries/roles.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

const NAMES = Object.keys(MIGRATIONS)

const tablesOf = async (db: Db): Promise<string[]> =>
  (await db.introspection.getTables()).map(({ name }) => name).sort()

const isApplied = async (db: Db): Promise<boolean[]> =>
  (await migrationStatus(db)).map(({ executedAt }) => executedAt !== undefined)

/** Opens the database as the program does, and says how that failed. */
async function refusal(url: string, migrate: Migrate): Promise<unknown> {
  const config = loadConfig({ dataDir: '/nonexistent', databaseUrl: url }, undefined, {})
  try {
    const store = await openStore(config, migrate)
    await store.close()
    return undefined
  } catch (err) {
    return err
  }
}

await describeEachDatabase('migrations', (openFresh) => {
  test('go up, all the way down without a trace, and up again', async () => {
    const { db } = await openFresh({ migrated: false })
    expect(await migrateUp(db)).toEqual(NAMES)
    const tables = await tablesOf(db)
    expect(tables).toContain('requests')
    for (const name of NAMES.toReversed()) expect(await migrateDown(db)).toEqual([name])
    expect(await tablesOf(db)).toEqual([])
    expect(await migrateDown(db)).toEqual([])
    expect(await migrateUp(db)).toEqual(NAMES)
    expect(await tablesOf(db)).toEqual(tables)
  })

  test('change nothing when they are all applied', async () => {
    const { db } = await openFresh()
    await db.updateTable('revision').set({ value: 41 }).execute()
    const roles = await listRoles(db)
    expect(await migrateUp(db)).toEqual([])
    expect(await listRoles(db)).toEqual(roles)
    expect(await db.selectFrom('revision').selectAll().execute()).toEqual([{ id: 1, value: 41 }])
  })

  test('seed the roles admin over premium over basic', async () => {
    const { db } = await openFresh()
    const parents = (await listRoles(db)).map(({ name, parent }) => [name, parent])
    expect(parents).toEqual([
      ['admin', 'premium'],
      ['basic', null],
      ['premium', 'basic'],
    ])
  })

  test('have a status that follows them and does not touch an empty database', async () => {
    const { db } = await openFresh({ migrated: false })
    expect(await isApplied(db)).toEqual(NAMES.map(() => false))
    expect(await tablesOf(db)).toEqual([])
    await migrateUp(db)
    expect(await isApplied(db)).toEqual(NAMES.map(() => true))
    await migrateDown(db)
    expect((await isApplied(db)).at(-1)).toBe(false)
  })

  test('leave nothing behind when one of them fails half-way', async () => {
    const { db } = await openFresh({ migrated: false })
    await db.schema.createTable('requests').addColumn('in_the_way', 'integer').execute()
    await expect(migrateUp(db)).rejects.toThrow()
    expect((await tablesOf(db)).filter((name) => !name.startsWith('kysely_'))).toEqual(['requests'])
    await db.schema.dropTable('requests').execute()
    expect(await migrateUp(db)).toEqual(NAMES)
  })

  test('that are missing are named when the database may not be migrated', async () => {
    const { db, url } = await openFresh()
    await migrateDown(db)
    const error = await refusal(url, 'never')
    expect(error).toBeInstanceOf(StartupError)
    expect(String(error)).toContain(`${NAMES.at(-1)}; run: parallama migrate up`)
  })

  test.each(['always', 'when-new', 'never'] as const)(
    'of a later program make the database refused in one line when it is opened %s',
    async (mode) => {
      const { db, url } = await openFresh()
      const timestamp = new Date().toISOString()
      await db
        .withTables<{ kysely_migration: { name: string; timestamp: string } }>()
        .insertInto('kysely_migration')
        .values({ name: '9999-later', timestamp })
        .execute()
      const error = await refusal(url, mode)
      expect(error).toBeInstanceOf(StartupError)
      expect(String(error)).toMatch(/^[^\n]*later version of this program[^\n]*$/)
    },
  )

  test('applied by eight at the same time are applied by one, and nobody fails', async () => {
    const { url } = await openFresh({ migrated: false })
    const handles = Array.from({ length: 8 }, () => openDatabase(url))
    try {
      const applied = await Promise.all(handles.map(({ db }) => migrateUp(db)))
      expect(applied.filter((names) => names.length > 0)).toEqual([NAMES])
    } finally {
      for (const handle of handles) await handle.close()
    }
  })
})
