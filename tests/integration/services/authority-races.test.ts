import { beforeEach, describe, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { Actor } from '../../../app/services/actor.ts'
import { type DatabaseHandle, openDatabase } from '../../../db/client.ts'
import { actorOf, actorWith } from '../../support/actors.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const ROUNDS = 5
const ACTS = 12

/** Each way to take rights from somebody who was let in with them. */
const LOSSES: Record<string, (admin: Admin, mona: Actor) => Promise<unknown>> = {
  'their role is taken away': ({ roles }) => roles.revoke(TESTER, 'mona', 'mona-role'),
  'their role expires': ({ roles }) => roles.grant(TESTER, 'mona', 'mona-role', Date.now()),
  'their role permits less': ({ roles }) => roles.update(TESTER, 'mona-role', { permissions: [] }),
  'their role is deleted': ({ roles }) => roles.delete(TESTER, 'mona-role', { force: true }),
  'they are disabled': ({ users }) => users.update(TESTER, 'mona', { disabled: true }),
  'they are deleted': ({ users }) => users.delete(TESTER, 'mona'),
  'their key is revoked': ({ keys }, mona) =>
    keys.revoke(TESTER, mona.principal?.keyId ?? 'no key'),
}

await describeEachDatabase('an act by somebody who loses their rights', (openFresh) => {
  let database: TestDatabase
  let admin: Admin

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
  })

  /** Another process's administration of the same database. */
  async function withOther(act: (other: Admin, handle: DatabaseHandle) => Promise<void>) {
    const handle = openDatabase(database.url)
    try {
      await act(testAdmin(handle.db), handle)
    } finally {
      await handle.close()
    }
  }

  const monaIn = (db = database.db) =>
    actorWith({ db, admin }, 'mona', ['users:manage', 'limits:manage'])
  const usernames = async () => (await admin.users.list()).map(({ username }) => username)

  describe('before it begins has no effect:', () => {
    test.each(Object.entries(LOSSES))('%s', async (_, lose) => {
      const mona = await monaIn()
      await admin.users.create(mona, { username: 'before' })
      await lose(admin, mona)
      expect(await refusalOf(admin.users.create(mona, { username: 'after' }))).toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining('your own rights were changed'),
      })
      expect(await usernames()).not.toContain('after')
      const [entry] = (await admin.audit.page({ after: null, limit: 1 })).rows
      expect(entry).toMatchObject({ actor: 'user:mona', target: 'after', outcome: 'refused' })
    })
  })

  test('at the same time has none after they are told that it is done', async () => {
    const mona = await monaIn()
    await withOther(async (other) => {
      for (let round = 0; round < ROUNDS; round++) {
        await admin.roles.grant(TESTER, 'mona', 'mona-role', null)
        const acts = Array.from({ length: ACTS }, (_, i) =>
          refusalOf(admin.users.create(mona, { username: `user-${round}-${i}` })),
        )
        await other.roles.revoke(TESTER, 'mona', 'mona-role')
        const thereWhenDone = await usernames()
        const refusals = await Promise.all(acts)
        expect(await usernames()).toEqual(thereWhenDone)
        const done = refusals.filter((refusal) => refusal === null)
        const made = thereWhenDone.filter((name) => name.startsWith(`user-${round}-`))
        expect(made).toHaveLength(done.length)
      }
    })
  })

  test('who is an administrator removed by another whom they remove is one of the two', async () => {
    await withOther(async (other, handle) => {
      for (let round = 0; round < ROUNDS; round++) {
        const names = [`a${round}`, `b${round}`] as const
        for (const username of names) {
          await admin.users.create(TESTER, { username, roles: ['admin'] })
        }
        const first = await actorOf({ db: database.db, admin }, names[0])
        const second = await actorOf({ db: handle.db, admin: other }, names[1])
        const refusals = await Promise.all([
          refusalOf(admin.users.delete(first, names[1])),
          refusalOf(other.roles.revoke(second, names[0], 'admin')),
        ])
        const codes = refusals.map((refusal) => refusal?.code ?? 'done')
        expect(codes.toSorted()).toEqual(['done', 'forbidden'])
      }
    })
  })
})
