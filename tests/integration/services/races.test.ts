import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { type DatabaseHandle, openDatabase } from '../../../db/client.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const ROUNDS = 5

await describeEachDatabase('two administrators at once', (openFresh) => {
  let database: TestDatabase
  let admin: Admin

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
  })

  /** Another process's administration of the same database. */
  async function withOther<T>(act: (other: Admin, handle: DatabaseHandle) => Promise<T>) {
    const handle = openDatabase(database.url)
    try {
      return await act(testAdmin(handle.db), handle)
    } finally {
      await handle.close()
    }
  }

  test('delete a user once: the second finds nobody', async () => {
    await withOther(async (other) => {
      for (let round = 0; round < ROUNDS; round++) {
        const username = `anna${round}`
        await admin.users.create(TESTER, { username })
        const refusals = await Promise.all([
          refusalOf(admin.users.delete(TESTER, username)),
          refusalOf(other.users.delete(TESTER, username)),
        ])
        expect(refusals.map((refusal) => refusal?.code ?? 'done').sort()).toEqual([
          'done',
          'not_found',
        ])
      }
    })
  })

  test('never leave a live key with a deleted user', async () => {
    const { db } = database
    await withOther(async (other) => {
      for (let round = 0; round < ROUNDS; round++) {
        const username = `anna${round}`
        await admin.users.create(TESTER, { username })
        await Promise.all([
          admin.users.delete(TESTER, username),
          refusalOf(other.keys.generate(TESTER, username)),
        ])
      }
    })
    const live = await db
      .selectFrom('api_keys')
      .innerJoin('users', 'users.id', 'api_keys.user_id')
      .select(['users.username', 'api_keys.revoked_at'])
      .where('users.deleted_at', 'is not', null)
      .where('api_keys.revoked_at', 'is', null)
      .execute()
    expect(live).toEqual([])
  })

  test('changing different things of one user both have their way', async () => {
    await withOther(async (other) => {
      for (let round = 0; round < ROUNDS; round++) {
        const username = `anna${round}`
        await admin.users.create(TESTER, { username })
        await Promise.all([
          admin.users.update(TESTER, username, { disabled: true }),
          other.users.update(TESTER, username, { admin: true }),
          other.roles.grant(TESTER, username, 'premium', null),
        ])
        const anna = await admin.users.info(username)
        expect(anna.disabled).toBe(true)
        expect(anna.roles.map(({ name }) => name)).toEqual(['admin', 'basic', 'premium'])
      }
    })
  })

  test('giving a user different roles leave him with the one or the other', async () => {
    await withOther(async (other) => {
      for (let round = 0; round < ROUNDS; round++) {
        const username = `anna${round}`
        await admin.users.create(TESTER, { username })
        await Promise.all([
          admin.users.update(TESTER, username, { roles: ['basic'] }),
          other.users.update(TESTER, username, { roles: ['premium'] }),
        ])
        expect((await admin.users.info(username)).roles).toHaveLength(1)
      }
    })
  })

  test('see each other’s changes at once, and PostgreSQL announces them', async () => {
    await withOther(async (other, handle) => {
      const heard = Promise.withResolvers<void>()
      let isListening = false
      await handle.onRevision(() => {
        if (isListening) heard.resolve()
      })
      isListening = true
      const before = await readRevision(handle.db)
      await admin.users.create(TESTER, { username: 'anna' })
      expect(await readRevision(handle.db)).toBe(before + 1)
      expect((await other.users.info('anna')).username).toBe('anna')
      if (database.url.startsWith('postgres')) await heard.promise
    })
  })
})
