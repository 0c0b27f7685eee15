import { expect, test } from 'bun:test'
import { sql } from 'kysely'
import { createUsageRetention } from '../../../app/services/usage-retention.ts'
import type { Db } from '../../../db/client.ts'
import { isPostgres } from '../../../db/codec.ts'
import { migrateDown, migrateUp } from '../../../db/migrate.ts'
import { requestPartitions } from '../../../db/queries/request-partitions.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { createClock } from '../../unit/support/clock.ts'

const MIGRATION = '0006-history-partition'
const DAY_MS = 86_400_000
const TODAY = Date.UTC(2026, 10, 30)
const NOON = TODAY + DAY_MS / 2
const HISTORY = 'requests_before_20261130'
const STAYS = new AbortController().signal

const retention = ({ db }: TestDatabase, now = NOON) =>
  createUsageRetention({ db, clock: createClock(now), retentionDays: 30, rollupRetentionDays: 60 })

/** Adds a row of so many days after today at noon, for each. */
const addRows = (database: TestDatabase, days: readonly number[], noon = NOON): Promise<void> =>
  insertRequests(
    database,
    days.map((day) => requestRow({ started_at: noon + day * DAY_MS })),
  )

/** The days of which each partition has rows. */
async function rowsOf(db: Db, noon = NOON): Promise<Record<string, number[]>> {
  const { rows } = await sql<{ name: string; started_at: number }>`
    select tableoid::regclass::text as name, started_at from requests order by id
  `.execute(db)
  const days = Object.groupBy(rows, ({ name }) => name)
  return Object.fromEntries(
    Object.entries(days).map(([name, of = []]) => [
      name,
      of.map(({ started_at }) => (started_at - noon) / DAY_MS),
    ]),
  )
}

const sumsOf = (db: Db) =>
  db.selectFrom('usage_hourly').selectAll().orderBy('hour').orderBy('user_id').execute()

async function indexesOf(db: Db, table: string): Promise<unknown[]> {
  const { rows } = await sql`
    select indexrelid, indisvalid from pg_index where indrelid = ${table}::regclass order by 1
  `.execute(db)
  return rows
}

const namesOf = async (db: Db): Promise<string[]> =>
  (await requestPartitions(db)).map(({ name }) => name)

async function takeBack(db: Db): Promise<void> {
  while (!(await migrateDown(db)).includes(MIGRATION));
}

await describeEachDatabase('requests of before there were days', (openFresh) => {
  /** As a server of the version before leaves it, with what it made of its own accord. */
  async function openOlder(days: readonly number[]): Promise<TestDatabase> {
    const database = await openFresh()
    await takeBack(database.db)
    await addRows(database, days)
    return database
  }

  test('come to lie in a partition of their own, and later ones where they belong', async () => {
    const database = await openOlder([-40, -3, 9])
    const { db } = database
    if (!isPostgres(db)) return
    await retention(database).prepare(STAYS)
    await addRows(database, [-1, 0])
    const sums = await sumsOf(db)
    expect(await migrateUp(db)).toContain(MIGRATION)
    const days = { [HISTORY]: [-40, -3, -1], requests_20261130: [0] }
    expect(await rowsOf(db)).toEqual({ ...days, requests_rest: [9] })
    expect(await sumsOf(db)).toEqual(sums)
    await retention(database, NOON + 9 * DAY_MS).prepare(STAYS)
    expect(await rowsOf(db)).toEqual({ ...days, requests_20261209: [9] })
    await addRows(database, [-2])
    expect((await rowsOf(db))[HISTORY]).toEqual([-40, -3, -2, -1])
  })

  test('keep their indexes, which are not made anew', async () => {
    const database = await openOlder([-3])
    const { db } = database
    if (!isPostgres(db)) return
    await retention(database).prepare(STAYS)
    const before = await indexesOf(db, 'requests_rest')
    expect(before).toHaveLength(3)
    await migrateUp(db)
    expect(await indexesOf(db, HISTORY)).toEqual(before)
  })

  test('are removed when they are too old, and their partition with the last of them', async () => {
    const database = await openOlder([-40, -31, -30, -1])
    const { db } = database
    if (!isPostgres(db)) return
    await retention(database).prepare(STAYS)
    await migrateUp(db)
    await retention(database).prune(STAYS)
    expect(await rowsOf(db)).toEqual({ [HISTORY]: [-30, -1] })
    await retention(database, NOON + 29 * DAY_MS).prune(STAYS)
    expect(await rowsOf(db)).toEqual({ [HISTORY]: [-1] })
    await retention(database, NOON + 30 * DAY_MS).prune(STAYS)
    expect(await rowsOf(db)).toEqual({})
    expect(await namesOf(db)).not.toContain(HISTORY)
  })

  test('end with yesterday where no day has a partition yet', async () => {
    const database = await openOlder([])
    const { db } = database
    if (!isPostgres(db)) return
    const now = Date.now()
    await addRows(database, [-2, 1], now)
    await migrateUp(db)
    const [history = ''] = await namesOf(db)
    expect(history).toMatch(/^requests_before_\d{8}$/)
    expect(await rowsOf(db, now)).toEqual({ [history]: [-2], requests_rest: [1] })
    await retention(database, now).prepare(STAYS)
    expect(await namesOf(db)).toHaveLength(1 + 8)
    expect((await rowsOf(db, now)).requests_rest).toBeUndefined()
  })

  test('are no reason for a partition where there are none', async () => {
    const database = await openOlder([])
    const { db } = database
    await migrateUp(db)
    if (!isPostgres(db)) return
    expect(await namesOf(db)).toEqual([])
    await takeBack(db)
    await retention(database).prepare(STAYS)
    await addRows(database, [0, 9])
    await migrateUp(db)
    expect(await rowsOf(db)).toEqual({ requests_20261130: [0], requests_rest: [9] })
  })

  test('lie among those without a day again when the migration is taken back', async () => {
    const database = await openOlder([-3, 9])
    const { db } = database
    const sums = await sumsOf(db)
    if (isPostgres(db)) await retention(database).prepare(STAYS)
    for (let i = 0; i < 2; i++) {
      await migrateUp(db)
      await takeBack(db)
      expect(await sumsOf(db)).toEqual(sums)
      if (isPostgres(db)) expect(await rowsOf(db)).toEqual({ requests_rest: [-3, 9] })
    }
    await migrateUp(db)
    if (isPostgres(db)) expect(await rowsOf(db)).toEqual({ [HISTORY]: [-3], requests_rest: [9] })
    expect(await db.selectFrom('requests').select('id').execute()).toHaveLength(2)
  })
})
