import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { systemClock } from '../../../app/domain/clock.ts'
import type { Db } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const LONG = 'x'.repeat(64)
const PASSWORD = 'violet-harbour-9-teapots'

await describeEachDatabase('users', (openFresh) => {
  let db: Db
  let admin: Admin

  beforeEach(async () => {
    db = (await openFresh()).db
    admin = testAdmin(db)
  })

  const hashOf = async (username: string): Promise<string | null | undefined> =>
    (
      await db
        .selectFrom('users')
        .select('password_hash')
        .where('username', '=', username)
        .executeTakeFirst()
    )?.password_hash

  test('are created with the role basic unless others are named', async () => {
    const before = systemClock.now()
    const anna = await admin.users.create(TESTER, { username: 'anna' })
    expect(anna).toMatchObject({ username: 'anna', disabled: false })
    expect(anna.roles).toEqual([{ name: 'basic', expiresAt: null }])
    expect(anna.createdAt).toBeWithin(before, systemClock.now() + 1)
    const bob = await admin.users.create(TESTER, { username: 'bob', roles: ['premium', 'admin'] })
    expect(bob.roles.map(({ name }) => name)).toEqual(['admin', 'premium'])
    expect(await admin.users.info('bob')).toEqual(bob)
    expect(await admin.users.list()).toEqual([anna, bob])
    expect(await admin.users.list({ role: 'premium' })).toEqual([bob])
  })

  test('are found whatever the case of the letters', async () => {
    const anna = await admin.users.create(TESTER, { username: 'Anna' })
    expect(anna.username).toBe('anna')
    expect(await admin.users.info('ANNA')).toEqual(anna)
    expect((await admin.users.update(TESTER, 'aNNa', { disabled: true })).disabled).toBe(true)
    await admin.users.delete(TESTER, 'AnnA')
    expect(await admin.users.list()).toEqual([])
  })

  test('have names of 1 to 64 letters, digits and . _ @ -, and nothing else', async () => {
    const good = ['a', '0', LONG, 'a.b_c@d-e', 'anna@example.org', '9lives']
    for (const username of good) await admin.users.create(TESTER, { username })
    expect((await admin.users.list()).map(({ username }) => username).sort()).toEqual(good.sort())
    const bad = [
      '',
      ' ',
      `${LONG}x`,
      '.a',
      '-a',
      '_a',
      '@a',
      'a b',
      ' a',
      'a ',
      'a\n',
      'a\0',
      'a/b',
    ]
    bad.push('ä', 'ı', 'ﬁ', 'a\u200b', "a'b", 'a"b', 'a:b', 'a+b', '*', '%', '../a', 'ａ', '\ud83d')
    for (const username of bad) {
      expect(await refusalOf(admin.users.create(TESTER, { username }))).toMatchObject({
        code: 'invalid',
        message: expect.stringContaining('user name has 1 to 64'),
      })
    }
    expect(await admin.users.list()).toHaveLength(good.length)
  })

  test('are refused when the name is taken, in any case of the letters', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    const refused = { code: 'conflict', message: 'there is a user "anna" already' }
    expect(await refusalOf(admin.users.create(TESTER, { username: 'ANNA' }))).toMatchObject(refused)
  })

  test('of one name created by ten at once are one, and nine conflicts', async () => {
    const attempts = Array.from({ length: 10 }, () =>
      refusalOf(admin.users.create(TESTER, { username: 'anna' })),
    )
    const codes = (await Promise.all(attempts)).map((refusal) => refusal?.code ?? 'created')
    expect(codes.sort()).toEqual([...Array(9).fill('conflict'), 'created'])
    expect(await admin.users.list()).toHaveLength(1)
  })

  test('are not created half when a role does not exist', async () => {
    const input = { username: 'anna', roles: ['basic', 'premum'] }
    expect(await refusalOf(admin.users.create(TESTER, input))).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('did you mean premium?'),
    })
    expect(await admin.users.list()).toEqual([])
  })

  test('that do not exist are named in the error of each act', async () => {
    const acts = [
      () => admin.users.info('nobody'),
      () => admin.users.update(TESTER, 'nobody', { disabled: true }),
      () => admin.users.delete(TESTER, 'nobody'),
      () => admin.users.setPassword(TESTER, 'nobody', PASSWORD),
    ]
    for (const act of acts) {
      expect(await refusalOf(act())).toMatchObject({
        code: 'not_found',
        message: 'there is no user "nobody"',
      })
    }
    expect((await refusalOf(admin.users.list({ role: 'nothing' })))?.code).toBe('not_found')
  })

  test('get the roles of an update in place of those they had, except admin', async () => {
    const roles = async (update: object): Promise<string[]> =>
      (await admin.users.update(TESTER, 'anna', update)).roles.map(({ name }) => name)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
    await admin.users.create(TESTER, { username: 'anna' })
    expect(await roles({ roles: ['premium'] })).toEqual(['premium'])
    expect(await roles({ admin: true })).toEqual(['admin', 'premium'])
    expect(await roles({ roles: ['basic'] })).toEqual(['admin', 'basic'])
    expect(await roles({ roles: ['premium'], admin: false })).toEqual(['premium'])
    expect((await refusalOf(roles({ roles: ['nothing'] })))?.code).toBe('not_found')
    expect((await admin.users.info('anna')).roles.map(({ name }) => name)).toEqual(['premium'])
  })

  test('get a role for good by an update, also when they had it for a time', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    for (const expiresAt of [systemClock.now() + 60_000, systemClock.now() - 60_000]) {
      await admin.roles.grant(TESTER, 'anna', 'premium', expiresAt)
      const { roles } = await admin.users.update(TESTER, 'anna', { roles: ['premium'] })
      expect(roles).toEqual([{ name: 'premium', expiresAt: null }])
    }
    await admin.roles.grant(TESTER, 'anna', 'admin', systemClock.now() - 60_000)
    const { roles } = await admin.users.update(TESTER, 'anna', { admin: true })
    expect(roles).toContainEqual({ name: 'admin', expiresAt: null })
  })

  test('get a password as an argon2id hash, and none that breaks a rule', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    expect(await hashOf('anna')).toBeNull()
    await admin.users.setPassword(TESTER, 'ANNA', PASSWORD)
    const hash = await hashOf('anna')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=65536,t=2,p=1\$/)
    expect(await Bun.password.verify(PASSWORD, hash ?? '')).toBe(true)
    const tooLong = 'x9'.repeat(129)
    for (const bad of [
      '',
      'short',
      ' '.repeat(20),
      '1qaz2wsx3edc4rfv',
      'anna-parallama-123',
      tooLong,
    ]) {
      const refusal = await refusalOf(admin.users.setPassword(TESTER, 'anna', bad))
      expect([bad, refusal?.code]).toEqual([bad, 'invalid'])
    }
    expect(await hashOf('anna')).toBe(hash)
  })
})
