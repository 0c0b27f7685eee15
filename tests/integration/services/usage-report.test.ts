import { beforeEach, expect, test } from 'bun:test'
import { createUsageReports } from '../../../app/services/usage-reports.ts'
import type { Db } from '../../../db/client.ts'
import { isPostgres } from '../../../db/codec.ts'
import type { RequestsTable } from '../../../db/schema.ts'
import { insertRequests, requestRow, TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { plansOf } from '../../support/plans.ts'
import { refusalOf } from '../../support/refusal.ts'

const NOVEMBER = Date.parse('2026-11-01T00:00:00Z')
const DECEMBER = Date.parse('2026-12-01T00:00:00Z')
const HOUR_MS = 3_600_000
const period = { from: NOVEMBER, until: DECEMBER, zone: 'UTC', title: 'November 2026' }
const NO_HOSTS = { hosts: 1, maxContextTokens: 0, installedModels: async () => null }
const terms = {
  watts: 500,
  pricePerKwh: 0.4,
  currency: 'EUR',
  prices: new Map([['*', { gpuHour: 1, inputMillionTokens: 0, outputMillionTokens: 0 }]]),
}

await describeEachDatabase('a report on a month', (openFresh) => {
  let database: TestDatabase
  let ids: Record<'anna' | 'bob', string>
  const at = (hours: number, changes: Partial<RequestsTable>) =>
    requestRow({ started_at: NOVEMBER + hours * HOUR_MS, compute_ms: HOUR_MS, ...changes })
  const report = (query: object = {}, db: Db = database.db) =>
    createUsageReports({
      ...NO_HOSTS,
      db,
      clock: { now: () => DECEMBER },
      terms,
    }).report({
      period,
      ...query,
    })

  beforeEach(async () => {
    database = await openFresh()
    const { users, roles } = testAdmin(database.db)
    const anna = await users.create(TESTER, { username: 'anna' })
    const bob = await users.create(TESTER, { username: 'bob' })
    await roles.grant(TESTER, 'anna', 'premium', null)
    ids = { anna: anna.id, bob: bob.id }
    await insertRequests(database, [
      at(-1, { user_id: anna.id }),
      at(0, { user_id: anna.id, load_ms: 90_000, queue_ms: 30_000 }),
      at(5, { user_id: anna.id, model: 'qwen3:8b', gateway: 'openai' }),
      at(719, { user_id: bob.id, load_ms: 999 }),
      at(720, { user_id: bob.id }),
    ])
  })

  test('has what was used in its hours, by user, by role and by model', async () => {
    const { users, roles, models, total, ...rest } = await report()
    expect(rest).toEqual({
      ...period,
      gateway: null,
      username: null,
      role: null,
      currency: 'EUR',
      madeAt: DECEMBER,
    })
    expect(users.map(({ name, gpuHours, roles }) => [name, gpuHours, roles])).toEqual([
      ['anna', 2, ['basic', 'premium']],
      ['bob', 1, ['basic']],
    ])
    expect(roles.map(({ name, gpuHours, cost }) => [name, gpuHours, cost])).toEqual([
      ['basic', 3, 3.6],
      ['premium', 2, 2.4],
    ])
    expect(models.map(({ name, requests }) => [name, requests])).toEqual([
      ['llama2:latest', 2],
      ['qwen3:8b', 1],
    ])
    expect(total).toEqual({
      name: 'Total',
      requests: 3,
      promptTokens: 36,
      completionTokens: 102,
      gpuHours: 3,
      coldLoads: 1,
      coldLoadMinutes: 1.5,
      queueMinutes: 0.5,
      kwh: 1.5,
      cost: 3.6,
    })
  })

  test('reads ten days of hours at a time, and adds up what each user did with each model', async () => {
    await insertRequests(
      database,
      [100, 300, 500, 700].map((hours) => at(hours, { user_id: ids.anna })),
    )
    const { users, models } = await report()
    expect(users.map(({ name, gpuHours }) => [name, gpuHours])).toEqual([
      ['anna', 6],
      ['bob', 1],
    ])
    expect(models.map(({ name, requests }) => [name, requests])).toEqual([
      ['llama2:latest', 6],
      ['qwen3:8b', 1],
    ])
    if (isPostgres(database.db)) return
    const plan = await plansOf(database.db, (db) => report({}, db))
    expect(plan).toContain('INDEX usage_hourly_hour (hour>? AND hour<?)')
    // What each statement as a whole does with its inner one, for 30 days.
    expect(plan.match(/SCAN used/g)).toHaveLength(3)
  })

  test('can be on a gateway, a user or the members of a role alone', async () => {
    expect((await report({ gateway: 'openai' })).total.requests).toBe(1)
    expect((await report({ username: 'BOB' })).users).toHaveLength(1)
    const premium = await report({ role: 'premium' })
    expect(premium.users.map(({ name }) => name)).toEqual(['anna'])
    expect(premium.roles.map(({ name }) => name)).toEqual(['premium'])
    expect((await report({ role: 'premium', username: 'bob' })).users).toEqual([])
  })

  test('knows users who are deleted, and whoever had a name before', async () => {
    const { users } = testAdmin(database.db)
    await users.delete(TESTER, 'anna')
    const again = await users.create(TESTER, { username: 'anna' })
    await insertRequests(database, [at(9, { user_id: again.id })])
    const found = await report({ username: 'anna' })
    expect(found.users.map(({ name, gpuHours }) => [name, gpuHours])).toEqual([
      ['anna (deleted)', 2],
      ['anna', 1],
    ])
    expect(found.roles.map(({ name, gpuHours }) => [name, gpuHours])).toEqual([
      ['(no role)', 2],
      ['basic', 1],
    ])
  })

  test('counts a role that has ended since for those who had it in that time', async () => {
    const { roles } = testAdmin(database.db)
    await roles.grant(TESTER, 'bob', 'premium', null)
    const expire = (expires_at: number) =>
      database.db
        .updateTable('user_roles')
        .set({ expires_at })
        .where('user_id', '=', ids.bob)
        .where('role_id', 'in', (eb) =>
          eb.selectFrom('roles').select('id').where('name', '=', 'premium'),
        )
        .execute()
    await expire(NOVEMBER + 1)
    expect((await report({ role: 'premium' })).users).toHaveLength(2)
    await expire(NOVEMBER)
    expect((await report({ role: 'premium' })).users).toHaveLength(1)
  })

  test('is of nobody and of no role that there is not', async () => {
    expect(await refusalOf(report({ username: 'nobody' }))).toMatchObject({ code: 'not_found' })
    expect(await refusalOf(report({ role: 'premum' }))).toMatchObject({ code: 'not_found' })
  })
})
