import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { RequestsTable } from '../../../db/schema.ts'
import { insertRequests, requestRow, TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const DAY_MS = 86_400_000

await describeEachDatabase('usage', (openFresh) => {
  let database: TestDatabase
  let admin: Admin

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
  })

  /** A request of that user, with what the test wants different. */
  async function use(username: string, changes: Partial<RequestsTable> = {}): Promise<string> {
    const { id } = await admin.users.info(username)
    const row = requestRow({ user_id: id, ...changes })
    await insertRequests(database, [row])
    return row.id
  }

  const list = async (username: string, query: object = {}): Promise<string[]> =>
    (await admin.usage.list(username, { days: 7, ...query })).map(({ id }) => id)

  test('is listed by days, gateway, model and number, the newest first', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    await admin.users.create(TESTER, { username: 'bob' })
    await use('bob')
    const ago = (ms: number) => ({ started_at: Date.now() - ms })
    const old = await use('anna', ago(8 * DAY_MS))
    const embed = await use('anna', { ...ago(2000), operation: 'embed', model: 'nomic:latest' })
    const openai = await use('anna', { ...ago(1000), gateway: 'openai', model: null })
    const recent = await use('anna')
    expect(await list('ANNA')).toEqual([recent, openai, embed])
    expect(await list('anna', { days: 9 })).toEqual([recent, openai, embed, old])
    expect(await list('anna', { limit: 1 })).toEqual([recent])
    expect(await list('anna', { gateway: 'openai' })).toEqual([openai])
    expect(await list('anna', { gateway: 'ollama', model: 'nomic:latest' })).toEqual([embed])
  })

  test('of a model is found under any spelling of its name', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    const id = await use('anna', { model: 'llama2:latest' })
    for (const model of ['llama2', 'LLAMA2:latest', 'library/llama2', ' llama2 ']) {
      expect([model, ...(await list('anna', { model }))]).toEqual([model, id])
    }
  })

  test('of a model that nobody ever asked for is an error once there are any, of one that only others used an empty list', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    await admin.users.create(TESTER, { username: 'bob' })
    await use('bob', { model: null })
    expect(await list('anna', { model: 'lama2' })).toEqual([])
    await use('bob', { model: 'llama2:latest' })
    expect(await list('anna', { model: 'llama2' })).toEqual([])
    for (const model of ['lama2', "no name'", '']) {
      expect(await refusalOf(list('anna', { model }))).toMatchObject({
        code: 'not_found',
        message: expect.stringContaining(`no request ever asked for a model "${model}"`),
      })
    }
  })

  test('in pages is of a model that somebody asked for; who asks about themselves is not told that', async () => {
    const { id: userId } = await admin.users.create(TESTER, { username: 'anna' })
    const id = await use('anna', { model: 'llama2:latest' })
    const range = { from: 0, until: Date.now() + 1000, zone: 'UTC' }
    const page = async (query: object) =>
      (await admin.usage.page({ range, after: null, limit: 10, ...query })).rows.map(
        (row) => row.id,
      )
    expect(await page({ model: 'LLAMA2' })).toEqual([id])
    expect(await page({ model: 'lama2', userId })).toEqual([])
    for (const query of [{}, { username: 'anna' }]) {
      expect(await refusalOf(page({ model: 'lama2', ...query }))).toMatchObject({
        code: 'not_found',
        message: 'no request ever asked for a model "lama2", did you mean llama2:latest?',
      })
    }
  })

  test('in pages goes on behind the last row of the page before, and behind nothing else', async () => {
    const { id: userId } = await admin.users.create(TESTER, { username: 'anna' })
    const moment = Date.now() - 1000
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.unshift(await use('anna', { started_at: moment }))
    const range = { from: 0, until: Date.now() + 1000, zone: 'UTC' }
    for (const whose of [{}, { userId }, { username: 'anna' }]) {
      const page = (after: string | null) => admin.usage.page({ range, after, limit: 2, ...whose })
      const first = await page(null)
      const second = await page(first.next)
      const third = await page(second.next)
      const rows = [first, second, third].flatMap((page) => page.rows)
      expect(rows.map(({ id }) => id)).toEqual(ids)
      expect(third.next).toBeNull()
      for (const key of [ids[0] ?? '', '', 'now id', `${moment}`]) {
        expect(await refusalOf(page(key))).toMatchObject({
          code: 'invalid',
          message: 'cursor: take the next_cursor of the page before, with the same filters',
        })
      }
    }
  })

  test('of a deleted user is kept, and read under his name while nobody else has it', async () => {
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
    await admin.users.create(TESTER, { username: 'anna' })
    const ids = [await use('anna'), await use('anna')]
    await admin.users.delete(TESTER, 'anna')
    expect((await list('anna')).sort()).toEqual(ids)
  })

  test('of somebody who had the name before is not shown as the new user’s', async () => {
    const first = await admin.users.create(TESTER, { username: 'anna' })
    await admin.keys.generate(TESTER, 'anna')
    await use('anna')
    await admin.users.delete(TESTER, 'anna')
    const second = await admin.users.create(TESTER, { username: 'anna' })
    expect(second.id).not.toBe(first.id)
    expect(await list('anna')).toEqual([])
    expect(await admin.keys.list('anna')).toEqual([])
    const own = await use('anna')
    expect(await list('anna')).toEqual([own])
    const rows = await database.db.selectFrom('requests').select('user_id').execute()
    expect(rows.map(({ user_id }) => user_id).sort()).toEqual([first.id, second.id].sort())
  })

  test('of several deleted users of one name is that of the last of them', async () => {
    for (let i = 0; i < 3; i++) {
      await admin.users.create(TESTER, { username: 'anna' })
      const id = await use('anna')
      await admin.users.delete(TESTER, 'anna')
      expect(await list('anna')).toEqual([id])
    }
  })

  test('of nobody is an error, of somebody who did nothing an empty list', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    expect(await list('anna')).toEqual([])
    expect(await refusalOf(admin.usage.list('nobody', { days: 7 }))).toMatchObject({
      code: 'not_found',
      message: 'there is no user "nobody"',
    })
  })
})
