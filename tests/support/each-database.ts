import { afterAll, afterEach, describe } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { type DatabaseHandle, openDatabase } from '../../db/client.ts'
import { migrateUp } from '../../db/migrate.ts'
import { type FreshDatabase, freshDatabase, postgresForTests } from './servers.ts'

/** A new database and the way in; a second `openDatabase(url)` is another process's view of it. */
export interface TestDatabase extends DatabaseHandle {
  readonly url: string
}

/**
 * Opens a new database that nobody else uses, with the schema (unless `migrated` is false), for the
 * running test; closed and removed after it. Call it in a test or a `beforeEach`.
 */
export type OpenFresh = (options?: { readonly migrated?: boolean }) => Promise<TestDatabase>

type Dispose = () => Promise<void>
type Create = () => Promise<{ readonly url: string; readonly remove: Dispose }>

/**
 * Runs the suite on SQLite (a file) and on PostgreSQL. Where there is no PostgreSQL that half is
 * skipped and its name says why; with PARALLAMA_TEST_REQUIRE_SERVERS=1 it fails instead.
 */
export async function describeEachDatabase(
  name: string,
  suite: (openFresh: OpenFresh) => void,
): Promise<void> {
  describeSqlite(name, suite)
  const server = await postgresForTests()
  if ('skip' in server) describe.skip(`${name} on PostgreSQL (${server.skip})`, () => suite(never))
  else describe(`${name} on PostgreSQL`, () => suite(opener(postgresCreator())))
}

/** Runs the suite on SQLite alone. */
export function describeSqlite(name: string, suite: (openFresh: OpenFresh) => void): void {
  describe(`${name} on SQLite`, () => suite(opener(createSqlite)))
}

function opener(create: Create): OpenFresh {
  const disposals: Dispose[] = []
  afterEach(async () => {
    for (const dispose of disposals.splice(0)) await dispose()
  })
  return async ({ migrated = true } = {}) => {
    const { url, remove } = await create()
    const handle = openDatabase(url)
    disposals.push(handle.close, remove)
    if (migrated) await migrateUp(handle.db)
    return { url, ...handle }
  }
}

/** A folder of its own, because a SQLite database is several files. */
const createSqlite: Create = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parallama-sqlite-'))
  return {
    url: `sqlite:${join(folder, 'test.db')}`,
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Hands an emptied database out again: to make one takes PostgreSQL half a second here and there. */
function postgresCreator(): Create {
  const idle: FreshDatabase[] = []
  afterAll(async () => {
    for (const database of idle.splice(0)) await database.drop()
  })
  return async () => {
    const database = idle.pop() ?? (await freshDatabase())
    if ('skip' in database) throw new Error(database.skip)
    return {
      url: database.url,
      remove: async () => {
        await empty(database.url)
        idle.push(database)
      },
    }
  }
}

async function empty(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await sql.unsafe('drop schema public cascade; create schema public')
  } finally {
    await sql.end({ timeout: 5 })
  }
}

const never: OpenFresh = () => Promise.reject(new Error('this suite is skipped'))
