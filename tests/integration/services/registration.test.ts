import { beforeEach, expect, test } from 'bun:test'
import { createRegistration } from '../../../app/services/registration.ts'
import { type Db, openDatabase } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'
import {
  auditOf,
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

  test('is refused when the inviter lost their rights while the password was hashed', async () => {
    const admin = testAdmin(db)
    const losses = [
      () => admin.users.update(TESTER, 'boss', { disabled: true }),
      () => admin.users.update(TESTER, 'boss', { disabled: false, admin: false, roles: ['basic'] }),
      () => admin.users.delete(TESTER, 'boss'),
    ]
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
    await admin.users.create(TESTER, { username: 'boss', roles: ['admin'] })
    const boss = { ...TESTER, name: 'user:boss' }
    for (const lose of losses) {
      const { code } = await registration.invite(boss, { role: 'admin' })
      const { hash } = stage.needs.passwords
      stage.needs.passwords.hash = async (password) => {
        await lose()
        return await hash(password)
      }
      expect(await refusalOf(apply(code))).toMatchObject(BAD)
      stage.needs.passwords.hash = hash
      expect((await auditOf(db, 'user.register')).at(-1)).toMatchObject({ outcome: 'refused' })
      await admin.users
        .update(TESTER, 'boss', { disabled: false, admin: true })
        .catch(() => 'deleted')
    }
    expect((await users()).map(({ username }) => username)).not.toContain('anna')
  })

  test('says that a name is taken before it hashes a password, and notes it', async () => {
    await testAdmin(db).users.create(TESTER, { username: 'anna' })
    const { code, id } = await registration.invite(TESTER)
    expect(await refusalOf(apply(code, 'ANNA'))).toMatchObject({ code: 'conflict' })
    expect(stage.passwords.hashed).toBe(0)
    expect(await auditOf(db, 'user.register')).toMatchObject([
      { actor: `invitation:${id}`, target: 'anna', outcome: 'refused' },
    ])
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
})
