import { beforeEach, expect, test } from 'bun:test'
import type { Principal } from '../../../app/domain/grant.ts'
import type { Actor } from '../../../app/services/actor.ts'
import { createCleanUp } from '../../../app/services/clean-up.ts'
import { createRegistration } from '../../../app/services/registration.ts'
import { type Db, openDatabase } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'
import { principal } from '../../unit/support/principal.ts'
import {
  auditOf,
  DAY_MS,
  FROM,
  loginNeeds,
  PASSWORD,
  type SessionStage,
  setSessions,
} from './session-stage.ts'

const BAD = {
  code: 'forbidden',
  message: 'this invitation is not good, or used, or over; ask for another',
}

await describeEachDatabase('registration', (openFresh) => {
  let database: TestDatabase
  let db: Db
  let stage: SessionStage
  let registration: ReturnType<typeof createRegistration>

  beforeEach(async () => {
    database = await openFresh()
    db = database.db
    stage = await setSessions(db)
    registration = createRegistration({ ...stage.needs, isOpen: true })
  })

  const apply = (invitation: string, username = 'anna', password = PASSWORD) =>
    registration.register({ username, password, invitation }, FROM)
  const users = () => testAdmin(db).users.list()

  test('makes a user of the role that the invitation says, who is logged in', async () => {
    const { code, id } = await registration.invite(TESTER, { role: 'premium' })
    const { user, tokens } = await apply(code, 'Anna')
    expect(user).toEqual({
      id: expect.any(String),
      username: 'anna',
      disabled: false,
      roles: [{ name: 'premium', expiresAt: null }],
      createdAt: stage.clock.now(),
    })
    expect(await testAdmin(db).users.info('anna')).toEqual(user)
    expect(tokens.expiresIn).toBe(600)
    await stage.sessions.refresh(tokens.refreshToken, FROM)
    await stage.login('anna')
    expect(await auditOf(db, 'user.register')).toMatchObject([
      {
        actor: `invitation:${id}`,
        target: 'anna',
        outcome: 'done',
        detail: { invitedBy: 'test:tester', role: 'premium' },
        address: FROM.address,
      },
    ])
    expect(await registration.listInvitations()).toMatchObject([
      { id, status: 'used', username: 'anna', usedAt: stage.clock.now() },
    ])
    expect(await refusalOf(apply(code, 'bob'))).toMatchObject(BAD)
  })

  test('is off unless it is switched on, whatever is presented', async () => {
    const { code } = await registration.invite(TESTER)
    registration = createRegistration({ ...stage.needs, isOpen: false })
    expect(await refusalOf(apply(code))).toMatchObject({
      code: 'forbidden',
      message: 'nobody can register here; ask for an account',
    })
    expect(await users()).toEqual([])
  })

  test('says nothing about names and hashes nothing without a good invitation', async () => {
    await testAdmin(db).users.create(TESTER, { username: 'anna' })
    const { code, id } = await registration.invite(TESTER, { expiresAt: stage.clock.now() + 1000 })
    const withdrawn = await registration.invite(TESTER)
    await registration.withdraw(TESTER, withdrawn.id)
    stage.clock.advance(1000)
    const bad = ['', 'x', code, withdrawn.code, `${code}x`, id, code.replace('pli_', 'plk_')]
    for (const invitation of [...bad, `pli_${'\0'.repeat(59)}`, 'x'.repeat(100_000)]) {
      for (const username of ['anna', 'bob', '../x']) {
        expect(await refusalOf(apply(invitation, username, 'short'))).toMatchObject(BAD)
      }
    }
    expect(stage.passwords.hashed).toBe(0)
    const noted = JSON.stringify(await auditOf(db, 'user.register'))
    expect(noted).not.toContain('bob')
    expect(noted).not.toContain(code)
  })

  test('leaves the invitation as it is when the name or the password is not good', async () => {
    await testAdmin(db).users.create(TESTER, { username: 'anna' })
    const { code } = await registration.invite(TESTER)
    expect(await refusalOf(apply(code, 'ANNA'))).toMatchObject({ code: 'conflict' })
    expect(await refusalOf(apply(code, '../x'))).toMatchObject({ code: 'invalid' })
    expect(await refusalOf(apply(code, 'bob', 'short'))).toMatchObject({ code: 'invalid' })
    expect(await registration.listInvitations()).toMatchObject([{ status: 'open' }])
    expect((await apply(code, 'bob')).user.username).toBe('bob')
  })

  test('is won by one of those who use an invitation at the same time, on two servers', async () => {
    const handle = openDatabase(database.url)
    try {
      const needs = { ...loginNeeds(handle.db, stage.clock), isOpen: true }
      const servers = [registration, createRegistration(needs)]
      for (let round = 0; round < 5; round++) {
        const { code } = await registration.invite(TESTER)
        const applications = Array.from({ length: 6 }, (_, i) => {
          const applicant = { username: `user${round}-${i}`, password: PASSWORD, invitation: code }
          return refusalOf(servers[i % 2]?.register(applicant, FROM) ?? Promise.reject())
        })
        const codes = (await Promise.all(applications)).map((refusal) => refusal?.code ?? 'done')
        expect(codes.toSorted()).toEqual(['done', ...Array(5).fill('forbidden')])
        expect(await users()).toHaveLength(round + 1)
      }
      const codes = await Promise.all([registration.invite(TESTER), registration.invite(TESTER)])
      const twice = await Promise.all(
        codes.map(({ code }, i) =>
          refusalOf(
            servers[i]?.register(
              { username: 'same', password: PASSWORD, invitation: code },
              FROM,
            ) ?? Promise.reject(),
          ),
        ),
      )
      expect(twice.map((refusal) => refusal?.code ?? 'done').toSorted()).toEqual([
        'conflict',
        'done',
      ])
    } finally {
      await handle.close()
    }
  })

  test('never gives more than whoever invites has, neither then nor when it is used', async () => {
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

  test('takes invitations for a known role and a time to come, a week unless another is said', async () => {
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

  test('keeps no code, and forgets an invitation a month after its end', async () => {
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
