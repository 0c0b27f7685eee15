import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { Actor } from '../../../app/services/actor.ts'
import { insertSession } from '../../../db/queries/sessions.ts'
import { actorOf } from '../../support/actors.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const OLD = 'violet-harbour-9-teapots'
const NEW = 'amber-lighthouse-4-kettles'

await describeEachDatabase('the sessions of a user', (openFresh) => {
  let database: TestDatabase
  let admin: Admin
  let anna: Actor

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
    await admin.users.create(TESTER, { username: 'anna', password: OLD })
    await admin.users.create(TESTER, { username: 'bob', password: OLD })
    anna = await actorOf({ db: database.db, admin }, 'anna')
    for (const username of ['anna', 'bob']) {
      const user_id = (await admin.users.info(username)).id
      for (const n of [1, 2]) await begin(`${username}-${n}`, user_id)
    }
  })

  const begin = (id: string, user_id: string) =>
    insertSession(database.db, {
      id,
      user_id,
      salt: '',
      generation: 0,
      version: 0,
      created_at: 1,
      rotated_at: 1,
      idle_expires_at: 9e12,
      expires_at: 9e12,
      revoked_at: null,
      revoked_reason: null,
      address: null,
      agent: null,
    })

  const live = async (): Promise<string[]> =>
    (
      await database.db
        .selectFrom('sessions')
        .select('id')
        .where('revoked_at', 'is', null)
        .orderBy('id')
        .execute()
    ).map(({ id }) => id)

  const lastEntry = async () => (await admin.audit.page({ after: null, limit: 1 })).rows[0]

  const isPassword = async (password: string): Promise<boolean> => {
    const refusal = await refusalOf(admin.users.changePassword(anna, 'anna', password, 'short'))
    return refusal?.code === 'invalid'
  }

  test('end when an administrator sets a password, disables them or deletes them', async () => {
    for (const [act, action] of [
      [() => admin.users.setPassword(TESTER, 'ANNA', NEW), 'user.password'],
      [() => admin.users.update(TESTER, 'anna', { disabled: true }), 'user.update'],
      [() => admin.users.delete(TESTER, 'anna'), 'user.delete'],
    ] as const) {
      await act()
      expect(await live()).toEqual(['bob-1', 'bob-2'])
      expect(await lastEntry()).toMatchObject({ action, detail: { endedSessions: 2 } })
      await database.db.updateTable('sessions').set({ revoked_at: null }).execute()
    }
  })

  test('go on when their roles change, and when they are enabled again', async () => {
    await admin.users.update(TESTER, 'anna', { roles: ['premium'] })
    await admin.users.update(TESTER, 'anna', { disabled: false })
    expect(await live()).toEqual(['anna-1', 'anna-2', 'bob-1', 'bob-2'])
  })

  test('end when they change their password, but for the one that they keep', async () => {
    await admin.users.changePassword(anna, 'anna', OLD, NEW, 'anna-2')
    expect(await live()).toEqual(['anna-2', 'bob-1', 'bob-2'])
    expect(await lastEntry()).toMatchObject({
      action: 'user.password',
      detail: { endedSessions: 1 },
    })
    expect([await isPassword(OLD), await isPassword(NEW)]).toEqual([false, true])
    await admin.users.changePassword(anna, 'anna', NEW, OLD)
    expect(await live()).toEqual(['bob-1', 'bob-2'])
  })

  test('go on when the current password is another one: it is refused and noted', async () => {
    const revision = await database.db.selectFrom('revision').selectAll().execute()
    for (const [username, current] of [
      ['anna', 'wrong'],
      ['anna', ''],
      ['bob', OLD],
      ['nobody', OLD],
    ] as const) {
      const act = admin.users.changePassword(anna, username, current, NEW)
      expect(await refusalOf(act)).toMatchObject({
        code: 'forbidden',
        message: 'the current password is another one',
      })
      const entry = await lastEntry()
      expect(entry).toMatchObject({ actor: 'user:anna', action: 'user.password', target: username })
      expect(entry).toMatchObject({ outcome: 'refused' })
    }
    expect((await refusalOf(admin.users.changePassword(anna, 'anna', OLD, 'short')))?.code).toBe(
      'invalid',
    )
    expect(await live()).toHaveLength(4)
    expect(await database.db.selectFrom('revision').selectAll().execute()).toEqual(revision)
    expect(await isPassword(OLD)).toBe(true)
  })

  test('end once when the password is changed twice at once: one succeeds', async () => {
    const refusals = await Promise.all([
      refusalOf(admin.users.changePassword(anna, 'anna', OLD, NEW, 'anna-1')),
      refusalOf(admin.users.changePassword(anna, 'anna', OLD, `${NEW}-2`, 'anna-2')),
    ])
    const codes = refusals.map((refusal) => refusal?.code ?? 'done')
    expect(codes.toSorted()).toEqual(['conflict', 'done'])
    expect(await live()).toEqual([codes[0] === 'done' ? 'anna-1' : 'anna-2', 'bob-1', 'bob-2'])
  })
})
