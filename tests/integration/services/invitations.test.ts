import { beforeEach, expect, test } from 'bun:test'
import type { Principal } from '../../../app/domain/grant.ts'
import type { Actor } from '../../../app/services/actor.ts'
import { createCleanUp } from '../../../app/services/clean-up.ts'
import { createRegistration } from '../../../app/services/registration.ts'
import type { Db } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'
import { principal } from '../../unit/support/principal.ts'
import { DAY_MS, FROM, PASSWORD, type SessionStage, setSessions } from './session-stage.ts'

const BAD = {
  code: 'forbidden',
  message: 'this invitation is not good, or used, or over; ask for another',
}

await describeEachDatabase('an invitation', (openFresh) => {
  let db: Db
  let stage: SessionStage
  let registration: ReturnType<typeof createRegistration>

  beforeEach(async () => {
    db = (await openFresh()).db
    stage = await setSessions(db)
    registration = createRegistration({ ...stage.needs, isOpen: true })
  })

  const apply = (invitation: string, username: string) =>
    registration.register({ username, password: PASSWORD, invitation }, FROM)

  test('gives no more than whoever invites has, neither then nor when it is used', async () => {
    const admin = testAdmin(db)
    const boss = await admin.users.create(TESTER, { username: 'boss', roles: ['admin'] })
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
    await db.updateTable('users').set({ created_at: 1 }).execute()
    const actor = (changes: Partial<Principal> = {}): Actor => ({
      ...TESTER,
      name: 'user:boss',
      principal: principal({ username: 'boss', userId: boss.id, ...changes }),
    })
    const small = actor({ permissions: new Set(['users:manage', 'gateway:ollama']) })
    expect(await refusalOf(registration.invite(small, { role: 'admin' }))).toMatchObject({
      code: 'forbidden',
    })
    expect(await registration.listInvitations()).toEqual([])
    const all = new Set((await admin.roles.info('admin')).permissions)
    const big = actor({ permissions: all })
    const first = await registration.invite(big, { role: 'admin' })
    expect((await apply(first.code, 'first')).user.roles).toMatchObject([{ name: 'admin' }])
    const second = await registration.invite(big, { role: 'admin' })
    const third = await registration.invite(big)
    const last = await registration.invite(big)
    await admin.users.update(TESTER, 'boss', { roles: ['basic'], admin: false })
    expect(await refusalOf(apply(second.code, 'second'))).toMatchObject(BAD)
    expect((await apply(third.code, 'third')).user.roles).toMatchObject([{ name: 'basic' }])
    await admin.users.delete(TESTER, 'boss')
    expect(await refusalOf(apply(last.code, 'fourth'))).toMatchObject(BAD)
    await admin.users.create(TESTER, { username: 'boss', roles: ['admin'] })
    await db
      .updateTable('users')
      .set({ created_at: stage.clock.now() + 1 })
      .where('deleted_at', 'is', null)
      .where('username', '=', 'boss')
      .execute()
    expect(await refusalOf(apply(last.code, 'fourth'))).toMatchObject(BAD)
  })

  test('is worth nothing when the inviter has less than it gives, be it models or weight', async () => {
    const { roles, users } = testAdmin(db)
    await roles.create(TESTER, { name: 'team', models: ['llama3*'], weight: 300 })
    await users.create(TESTER, { username: 'boss', roles: ['team'] })
    const boss = { ...TESTER, name: 'user:boss' }
    for (const [i, less] of [{ models: ['qwen*'] }, { weight: 299 }].entries()) {
      await roles.create(TESTER, { name: `same${i}`, models: ['llama3:8b'], weight: 300 })
      const { code } = await registration.invite(boss, { role: `same${i}` })
      await roles.update(TESTER, 'team', less)
      expect(await refusalOf(apply(code, `user${i}`))).toMatchObject(BAD)
      await roles.update(TESTER, 'team', { models: ['llama3*'], weight: 300 })
      expect((await apply(code, `user${i}`)).user.roles).toMatchObject([{ name: `same${i}` }])
    }
  })

  test('is for a known role and a time to come, a week unless another is said', async () => {
    const now = stage.clock.now()
    expect(await registration.invite(TESTER)).toEqual({
      id: expect.stringMatching(/^[0-9A-Za-z]{10}$/),
      code: expect.stringMatching(/^pli_[0-9A-Za-z]{59}$/),
      role: 'basic',
      createdBy: 'test:tester',
      createdAt: now,
      expiresAt: now + 7 * DAY_MS,
      usedAt: null,
      username: null,
      status: 'open',
    })
    for (const expiresAt of [now, 0, -1, Number.NaN, now + 366 * DAY_MS]) {
      const refusal = await refusalOf(registration.invite(TESTER, { expiresAt }))
      expect([expiresAt, refusal?.code]).toEqual([expiresAt, 'invalid'])
    }
    expect(await refusalOf(registration.invite(TESTER, { role: 'premum' }))).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('did you mean premium'),
    })
    expect(await refusalOf(registration.withdraw(TESTER, 'NoSuchOne1'))).toMatchObject({
      code: 'not_found',
    })
  })

  test('is stored without its code, and forgotten a month after its end', async () => {
    const { code } = await registration.invite(TESTER)
    const stored = JSON.stringify([
      await db.selectFrom('invitations').selectAll().execute(),
      await db.selectFrom('audit_log').selectAll().execute(),
    ])
    expect(stored).not.toContain(code.slice(14, 50))
    const { prune } = createCleanUp({ db, clock: stage.clock })
    stage.clock.advance(37 * DAY_MS)
    expect((await prune()).invitations).toBe(0)
    stage.clock.advance(1)
    expect((await prune()).invitations).toBe(1)
  })
})
