import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const HOUR_MS = 3_600_000

await describeEachDatabase('roles', (openFresh) => {
  let admin: Admin

  beforeEach(async () => {
    admin = testAdmin((await openFresh()).db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
    await admin.users.create(TESTER, { username: 'anna' })
  })

  const rolesOf = async (username: string) => (await admin.users.info(username)).roles

  test('are listed with what they permit, their own and their ancestors’', async () => {
    const [first, second, third] = await admin.roles.list()
    expect([first?.name, second?.name, third?.name]).toEqual(['admin', 'basic', 'premium'])
    expect([first?.parent, second?.parent, third?.parent]).toEqual(['premium', null, 'basic'])
    expect(second?.permissions).toEqual(['gateway:ollama'])
    expect(first?.permissions).toEqual(expect.arrayContaining(third?.permissions.slice() ?? ['?']))
    expect(await admin.roles.info('premium')).toEqual(third ?? expect.anything())
  })

  test('that do not exist are refused with the nearest name and all that exist', async () => {
    const acts = [
      () => admin.roles.info('premum'),
      () => admin.roles.grant(TESTER, 'anna', 'premum', null),
      () => admin.roles.revoke(TESTER, 'anna', 'premum'),
      () => admin.roles.update(TESTER, 'premum', { models: [] }),
    ]
    for (const act of acts) {
      expect(await refusalOf(act())).toMatchObject({
        code: 'not_found',
        message: expect.stringMatching(/did you mean premium\?.*admin, basic, premium/),
      })
    }
  })

  test('are granted for good or until a time, and granting again changes the time', async () => {
    const expiresAt = Date.now() + HOUR_MS
    await admin.roles.grant(TESTER, 'ANNA', 'premium', expiresAt)
    expect(await rolesOf('anna')).toContainEqual({ name: 'premium', expiresAt })
    await admin.roles.grant(TESTER, 'anna', 'premium', expiresAt + 1)
    expect(await rolesOf('anna')).toContainEqual({ name: 'premium', expiresAt: expiresAt + 1 })
    await admin.roles.grant(TESTER, 'anna', 'premium', null)
    expect(await rolesOf('anna')).toEqual([
      { name: 'basic', expiresAt: null },
      { name: 'premium', expiresAt: null },
    ])
  })

  test('are taken away once; a second time there is nothing to take', async () => {
    await admin.roles.revoke(TESTER, 'anna', 'basic')
    expect(await rolesOf('anna')).toEqual([])
    expect(await refusalOf(admin.roles.revoke(TESTER, 'anna', 'basic'))).toMatchObject({
      code: 'not_found',
      message: 'anna does not have the role basic',
    })
    expect((await refusalOf(admin.roles.revoke(TESTER, 'nobody', 'basic')))?.code).toBe('not_found')
  })

  test('count as members those who are there', async () => {
    const members = async (role: string) => (await admin.roles.info(role)).members
    expect([await members('basic'), await members('admin')]).toEqual([1, 1])
    await admin.users.create(TESTER, { username: 'bob' })
    expect(await members('basic')).toBe(2)
    await admin.users.delete(TESTER, 'bob')
    expect(await members('basic')).toBe(1)
    expect(await admin.users.list({ role: 'basic' })).toHaveLength(1)
  })

  test('let their members use the models they name, once each and in lower case', async () => {
    const set = await admin.roles.update(TESTER, 'basic', {
      models: ['Llama3*', ' llama3* ', 'qwen3:8b'],
    })
    expect(set.models).toEqual(['llama3*', 'qwen3:8b'])
    expect((await admin.roles.info('premium')).models).toEqual(['llama3*', 'qwen3:8b'])
    await admin.roles.update(TESTER, 'basic', { models: [] })
    expect((await admin.roles.info('basic')).models).toEqual([])
  })

  test('keep their models when one of the new ones is no name', async () => {
    const before = await admin.roles.info('basic')
    for (const bad of ['', 'a b', 'ä*', "a'b", 'a\0', '..//..', '%']) {
      const refusal = await refusalOf(
        admin.roles.update(TESTER, 'basic', { models: ['llama3', bad] }),
      )
      expect([bad, refusal?.code]).toEqual([bad, 'invalid'])
    }
    expect(await admin.roles.info('basic')).toEqual(before)
  })
})
