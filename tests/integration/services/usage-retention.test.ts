import { expect, test } from 'bun:test'
import { type KyselyPlugin, sql } from 'kysely'
import postgres from 'postgres'
import { createUsageRetention } from '../../../app/services/usage-retention.ts'
import { databaseFault, isPostgres } from '../../../db/codec.ts'
import { createRequestIds } from '../../../db/ids.ts'
import { requestPartitions } from '../../../db/queries/request-partitions.ts'
import { deleteRequestsBefore } from '../../../db/queries/usage-retention.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { partitionsIn, plansOf } from '../../support/plans.ts'
import { createClock } from '../../unit/support/clock.ts'

const DAY_MS = 86_400_000
const TODAY = Date.UTC(2026, 10, 30)
const NOON = TODAY + DAY_MS / 2
/** Of a server that stays. */
const STAYS = new AbortController().signal
const newId = createRequestIds('0123456789ab')
const rowAt = (started_at: number) =>
  requestRow({ id: newId(started_at), started_at, ended_at: started_at + 250 })
const daysAgo = (days: number) => rowAt(NOON - days * DAY_MS)

const retention = ({ db }: TestDatabase, now = NOON) =>
  createUsageRetention({ db, clock: createClock(now), retentionDays: 30, rollupRetentionDays: 60 })

const partitionDays = async ({ db }: TestDatabase): Promise<number[]> =>
  (await requestPartitions(db)).map(({ from }) => (from - TODAY) / DAY_MS)

const daysOf = async ({ db }: TestDatabase): Promise<number[]> => {
  const rows = await db.selectFrom('requests').select('started_at').orderBy('id').execute()
  return rows.map(({ started_at }) => Math.round((started_at - NOON) / DAY_MS))
}

const hoursOf = async ({ db }: TestDatabase): Promise<number[]> => {
  const rows = await db
    .selectFrom('usage_hourly')
    .select('hour')
    .distinct()
    .orderBy('hour')
    .execute()
  return rows.map(({ hour }) => Math.round((hour - NOON) / DAY_MS))
}

/** Somebody else's lock on a table of PostgreSQL. */
async function lockOf({ url }: TestDatabase, table: string, mode: string) {
  const client = postgres(url, { max: 1 })
  await client.unsafe(`begin; lock table ${table} in ${mode} mode`)
  return { release: () => client.end() }
}

await describeEachDatabase('what is kept of usage', (openFresh) => {
  test('are the rows and the hours that are not older than they are to be', async () => {
    const database = await openFresh()
    await retention(database, NOON - 40 * DAY_MS).prepare(STAYS)
    const ages = [70, 61, 60, 59, 36, 34, 31, 30, 29, 1, 0]
    await insertRequests(database, ages.map(daysAgo))
    await retention(database).prepare(STAYS)
    await retention(database).prune(STAYS)
    expect(await daysOf(database)).toEqual([-30, -29, -1, 0])
    expect(await hoursOf(database)).toEqual([-60, -59, -36, -34, -31, -30, -29, -1, 0])
  })

  test('is removed a few rows at a time, however much there is', async () => {
    const database = await openFresh()
    const rows = Array.from({ length: 1000 }, (_, i) => rowAt(NOON - 70 * DAY_MS + i * 60_000))
    await insertRequests(database, rows)
    await insertRequests(
      database,
      Array.from({ length: 700 }, () => daysAgo(40)),
    )
    const removed: number[] = []
    const counting: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        if (result.numAffectedRows) removed.push(Number(result.numAffectedRows))
        return result
      },
    }
    await retention({ ...database, db: database.db.withPlugin(counting) }).prune(STAYS)
    expect(await daysOf(database)).toEqual([])
    // Of requests, and of the hours of those that are older still.
    expect(removed).toEqual([500, 500, 500, 200, 34])
  })

  test('lies in days that are made ahead, where the database has such', async () => {
    const database = await openFresh()
    if (!isPostgres(database.db)) return
    const early = [rowAt(NOON), rowAt(NOON + DAY_MS), rowAt(NOON - 3 * DAY_MS)]
    await insertRequests(database, early)
    await Promise.all([retention(database).prepare(STAYS), retention(database).prepare(STAYS)])
    expect(await partitionDays(database)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(await daysOf(database)).toEqual([-3, 0, 1])
    await insertRequests(database, [rowAt(NOON + 2 * DAY_MS)])
    await insertRequests(database, early)
    expect(await daysOf(database)).toEqual([-3, 0, 1, 2])
    await retention(database, NOON + DAY_MS).prepare(STAYS)
    expect((await partitionDays(database)).at(-1)).toBe(8)
  })

  test('is looked for in no partition of a later day', async () => {
    const database = await openFresh()
    const { db } = database
    if (!isPostgres(db)) return
    await retention(database).prepare(STAYS)
    const plan = await plansOf(db, (tx) => deleteRequestsBefore(tx, TODAY + 2 * DAY_MS, 500))
    // The partition of rows without a day holds any that are older.
    expect(partitionsIn(plan)).toEqual(['requests_20261130', 'requests_20261201', 'requests_rest'])
  })

  test('is left as it is from when the server is to close', async () => {
    const database = await openFresh()
    await insertRequests(
      database,
      Array.from({ length: 1000 }, () => daysAgo(40)),
    )
    const closing = new AbortController()
    const pruned = retention(database).prune(closing.signal)
    closing.abort()
    await pruned
    expect((await daysOf(database)).length).toBeGreaterThan(0)
    await retention(database).prune(STAYS)
    expect(await daysOf(database)).toEqual([])
  })

  test('is left for later where it is in use, and keeps no other day from being removed', async () => {
    const database = await openFresh()
    if (!isPostgres(database.db)) return
    await retention(database, NOON - 40 * DAY_MS).prepare(STAYS)
    const ages = [70, 60, 39, 38]
    await insertRequests(database, ages.map(daysAgo))
    const reader = await lockOf(database, 'requests_20261023', 'access share')
    const failed = await retention(database)
      .prune(STAYS)
      .catch((err: unknown) => err)
    expect(databaseFault((failed as Error).cause)).toBe('busy')
    expect(await partitionDays(database)).toEqual([-38])
    expect(await daysOf(database)).toEqual([-70, -60, -38])
    expect(await hoursOf(database)).toEqual([-60, -39, -38])
    await reader.release()
    await retention(database).prune(STAYS)
    expect(await partitionDays(database)).toEqual([])
    expect(await daysOf(database)).toEqual([])
  })

  test('is removed row by row where its partition may not be dropped', async () => {
    const database = await openFresh()
    const { db } = database
    if (!isPostgres(db)) return
    await retention(database, NOON - 40 * DAY_MS).prepare(STAYS)
    await insertRequests(database, [daysAgo(38)])
    await sql`create view somebodys as select id from requests_20261023`.execute(db)
    await expect(retention(database).prune(STAYS)).rejects.toThrow(
      'changes of the ledger failed: 1',
    )
    expect(await partitionDays(database)).toEqual([-38])
    expect(await daysOf(database)).toEqual([])
  })

  test('and days to come: are tried again when somebody was in the way for a moment', async () => {
    const database = await openFresh()
    if (!isPostgres(database.db)) return
    const writer = await lockOf(database, 'requests_rest', 'row exclusive')
    const prepared = retention(database, NOON - 40 * DAY_MS).prepare(STAYS)
    await Bun.sleep(300)
    await writer.release()
    await prepared
    expect(await partitionDays(database)).toHaveLength(8)
  })

  test('is taken when it comes while its day gets a partition', async () => {
    const database = await openFresh()
    if (!isPostgres(database.db)) return
    await insertRequests(database, [rowAt(NOON)])
    const reader = await lockOf(database, 'requests_rest', 'access share')
    const prepared = retention(database).prepare(STAYS)
    await Bun.sleep(60)
    const added = insertRequests(database, [rowAt(NOON)])
    await Bun.sleep(40)
    await reader.release()
    await Promise.all([prepared, added])
    expect(await partitionDays(database)).toHaveLength(8)
    expect(await daysOf(database)).toEqual([0, 0])
  })

  test('and days to come: nothing is tried again when the server is to close', async () => {
    const database = await openFresh()
    if (!isPostgres(database.db)) return
    const writer = await lockOf(database, 'requests_rest', 'row exclusive')
    const closing = new AbortController()
    const prepared = retention(database).prepare(closing.signal)
    await Bun.sleep(100)
    closing.abort()
    await prepared
    await writer.release()
    expect(await partitionDays(database)).toEqual([])
  })
})
