import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { openDatabase } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const HOUR_MS = 3_600_000
const ROUNDS = 5

/** Each way to take an administrator away. */
const REMOVALS: Record<string, (admin: Admin, username: string) => Promise<unknown>> = {
  'deleting him': ({ users }, username) => users.delete(TESTER, username),
  'disabling him': ({ users }, username) => users.update(TESTER, username, { disabled: true }),
  'demoting him': ({ users }, username) => users.update(TESTER, username, { admin: false }),
  'giving him other roles': ({ users }, username) =>
    users.update(TESTER, username, { roles: ['basic'], admin: false }),
  'revoking the role': ({ roles }, username) => roles.revoke(TESTER, username, 'admin'),
  'granting it for a time': ({ roles }, username) =>
    roles.grant(TESTER, username, 'admin', Date.now() + HOUR_MS),
}

await describeEachDatabase('the last administrator', (openFresh) => {
  let database: TestDatabase
  let admin: Admin

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
    await admin.keys.generate(TESTER, 'root')
  })

  /** All that a refused act must leave as it was. */
  const state = async (): Promise<unknown> => [
    await admin.users.list(),
    await admin.keys.list(),
    await database.db.selectFrom('revision').selectAll().execute(),
  ]
  const entries = async () => [...(await admin.audit.page({ after: null, limit: 200 })).rows]

  test.each(Object.entries(REMOVALS))(
    'stays: %s is refused and noted, and nothing changes',
    async (_, act) => {
      const before = await state()
      const noted = await entries()
      expect(await refusalOf(act(admin, 'root'))).toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('give it to another user first'),
      })
      expect(await state()).toEqual(before)
      const [refusal, ...others] = await entries()
      expect(others).toEqual(noted)
      expect(refusal).toMatchObject({
        actor: TESTER.name,
        target: 'root',
        outcome: 'refused',
        detail: { code: 'conflict', reason: expect.stringContaining('nobody with the role admin') },
      })
    },
  )

  test('may go, each way, once there is another', async () => {
    for (const [i, act] of Object.values(REMOVALS).entries()) {
      await admin.users.create(TESTER, { username: `admin${i}`, roles: ['admin'] })
      expect(await refusalOf(act(admin, `admin${i}`))).toBeNull()
    }
    expect((await refusalOf(admin.users.delete(TESTER, 'root')))?.code).toBe('conflict')
  })

  test('is the one left beside those who are disabled, deleted or have the role for a time', async () => {
    for (const username of ['disabled', 'deleted', 'temporary']) {
      await admin.users.create(TESTER, { username, roles: ['admin'] })
    }
    await admin.users.update(TESTER, 'disabled', { disabled: true })
    await admin.users.delete(TESTER, 'deleted')
    await admin.roles.grant(TESTER, 'temporary', 'admin', Date.now() + HOUR_MS)
    expect((await refusalOf(admin.users.delete(TESTER, 'root')))?.code).toBe('conflict')
    await admin.users.update(TESTER, 'disabled', { disabled: false })
    expect(await refusalOf(admin.users.delete(TESTER, 'root'))).toBeNull()
  })

  test('stays the last when others lose other roles, or he gets more', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    await admin.roles.revoke(TESTER, 'anna', 'basic')
    await admin.users.update(TESTER, 'root', { roles: ['premium'] })
    expect((await admin.users.info('root')).roles.map(({ name }) => name)).toContain('admin')
    await admin.users.delete(TESTER, 'anna')
  })

  test('is left by two who remove each other at once: exactly one of them succeeds', async () => {
    const other = openDatabase(database.url)
    try {
      const admins = [admin, testAdmin(other.db)] as const
      for (let round = 0; round < ROUNDS; round++) {
        const names = [`a${round}`, `b${round}`] as const
        for (const username of names)
          await admin.users.create(TESTER, { username, roles: ['admin'] })
        for (const { username } of await admin.users.list({ role: 'admin' })) {
          if (!names.some((name) => name === username)) await admin.users.delete(TESTER, username)
        }
        const acts = Object.values(REMOVALS)
        const act = acts[round % acts.length]
        if (!act) throw new Error('no act')
        const refusals = await Promise.all([
          refusalOf(act(admins[0], names[0])),
          refusalOf(act(admins[1], names[1])),
        ])
        expect(refusals.map((refusal) => refusal?.code ?? 'done').sort()).toEqual([
          'conflict',
          'done',
        ])
      }
    } finally {
      await other.close()
    }
  })
})
