import { expect, test } from 'bun:test'
import { createUsageRetention } from '../../../app/services/usage-retention.ts'
import { isPostgres } from '../../../db/codec.ts'
import { createRequestIds } from '../../../db/ids.ts'
import { partitionDays } from '../../../db/queries/request-partitions.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { createClock } from '../../unit/support/clock.ts'

const DAY_MS = 86_400_000
const TODAY = Date.UTC(2026, 10, 30)
const NOON = TODAY + DAY_MS / 2
const newId = createRequestIds('0123456789ab')
const rowAt = (started_at: number) =>
  requestRow({ id: newId(started_at), started_at, ended_at: started_at + 250 })

const retention = ({ db }: TestDatabase, now = NOON) =>
  createUsageRetention({ db, clock: createClock(now), retentionDays: 30, rollupRetentionDays: 60 })

const daysOf = async ({ db }: TestDatabase): Promise<number[]> => {
  const rows = await db.selectFrom('requests').select('started_at').orderBy('id').execute()
  return rows.map(({ started_at }) => Math.round((started_at - NOON) / DAY_MS))
}

await describeEachDatabase('what is kept of usage', (openFresh) => {
  test('are the rows and the hours that are not older than they are to be', async () => {
    const database = await openFresh()
    await retention(database, NOON - 40 * DAY_MS).prepare()
    const ages = [70, 61, 60, 59, 36, 34, 31, 30, 29, 1, 0]
    await insertRequests(
      database,
      ages.map((age) => rowAt(NOON - age * DAY_MS)),
    )
    await retention(database).prepare()
    await retention(database).prune()
    expect(await daysOf(database)).toEqual([-30, -29, -1, 0])
    const hours = await database.db.selectFrom('usage_hourly').select('hour').distinct().execute()
    expect(
      hours.map(({ hour }) => Math.round((NOON - hour) / DAY_MS)).sort((a, b) => b - a),
    ).toEqual(ages.filter((age) => age <= 60))
  })

  test('is removed a few rows at a time, however much there is', async () => {
    const database = await openFresh()
    const rows = Array.from({ length: 1000 }, (_, i) => rowAt(NOON - 70 * DAY_MS + i * 60_000))
    await insertRequests(database, rows)
    await insertRequests(
      database,
      Array.from({ length: 700 }, () => rowAt(NOON - 40 * DAY_MS)),
    )
    await retention(database).prune()
    expect(await daysOf(database)).toEqual([])
  })

  test('lies in days that are made ahead, where the database has such', async () => {
    const database = await openFresh()
    if (!isPostgres(database.db)) return
    const early = [rowAt(NOON), rowAt(NOON + DAY_MS), rowAt(NOON - 3 * DAY_MS)]
    await insertRequests(database, early)
    await Promise.all([retention(database).prepare(), retention(database).prepare()])
    const week = Array.from({ length: 8 }, (_, i) => TODAY + i * DAY_MS)
    expect(await partitionDays(database.db)).toEqual(week)
    expect(await daysOf(database)).toEqual([-3, 0, 1])
    await insertRequests(database, [rowAt(NOON + 2 * DAY_MS)])
    await insertRequests(database, early)
    expect(await daysOf(database)).toEqual([-3, 0, 1, 2])
    await retention(database, NOON + DAY_MS).prepare()
    expect((await partitionDays(database.db)).at(-1)).toBe(TODAY + 8 * DAY_MS)
  })
})
