import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { createPrincipalLoader } from '../../../app/auth/principal-loader.ts'
import type { Principal } from '../../../app/domain/grant.ts'
import type { Db } from '../../../db/client.ts'
import { findVerification } from '../../../db/queries/verification.ts'
import { TESTER, testAdmin, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

const HOUR_MS = 3_600_000

await describeEachDatabase('the rights of a key', (openFresh) => {
  let db: Db
  let admin: Admin

  beforeEach(async () => {
    db = (await openFresh()).db
    admin = testAdmin(db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
  })

  /** A new user with these roles, and the text of a key of his. */
  async function keyOf(username: string, roles: string[], expiresAt?: number): Promise<string> {
    await admin.users.create(TESTER, { username, roles })
    return (await admin.keys.generate(TESTER, username, { expiresAt })).key
  }

  /** Who the key belongs to, `inMs` from now. */
  function load(key: string, inMs = 0): Promise<Principal | null> {
    const clock = { now: () => Date.now() + inMs }
    return createPrincipalLoader({ isSigner: async () => true, db, clock })({
      digest: testKeyring.digest(key),
    })
  }

  const permissions = async (key: string, inMs = 0): Promise<string[]> =>
    [...((await load(key, inMs))?.permissions ?? [])].sort()

  test('are those of his role and all of its ancestors', async () => {
    expect(await permissions(await keyOf('anna', ['basic']))).toEqual(['gateway:ollama'])
    const premium = await permissions(await keyOf('bob', ['premium']))
    expect(premium).toEqual(['gateway:anthropic', 'gateway:ollama', 'gateway:openai'])
    const all = await permissions(await keyOf('carl', ['admin']))
    expect(all).toHaveLength(13)
    expect(all).toEqual(expect.arrayContaining([...premium, 'users:manage', 'models:manage']))
  })

  test('say whose they are, and which models they cover', async () => {
    await admin.roles.update(TESTER, 'basic', { models: ['llama2*'] })
    await admin.roles.update(TESTER, 'premium', { models: ['qwen3:8b'] })
    const basic = await load(await keyOf('anna', ['basic']))
    const premium = await load(await keyOf('bob', ['premium']))
    const covers = (principal: Principal | null, model: string): boolean | undefined =>
      principal?.models.some((matches) => matches(model))
    expect([basic?.username, premium?.username]).toEqual(['anna', 'bob'])
    expect(covers(basic, 'llama2:latest')).toBe(true)
    expect(covers(basic, 'qwen3:8b')).toBe(false)
    expect([covers(premium, 'llama2:latest'), covers(premium, 'qwen3:8b')]).toEqual([true, true])
  })

  test('of a role that expires end at that moment, and the others stay', async () => {
    const key = await keyOf('anna', ['basic'])
    const expiresAt = Date.now() + HOUR_MS
    await admin.roles.grant(TESTER, 'anna', 'premium', expiresAt)
    expect((await load(key))?.validUntil).toBe(expiresAt)
    expect(await permissions(key)).toContain('gateway:openai')
    expect(await permissions(key, HOUR_MS)).toEqual(['gateway:ollama'])
    expect((await load(key, HOUR_MS))?.validUntil).toBe(Number.POSITIVE_INFINITY)
  })

  test('through a role that expires are kept by another that does not', async () => {
    const key = await keyOf('anna', ['premium'])
    await admin.roles.grant(TESTER, 'anna', 'admin', Date.now() + HOUR_MS)
    expect(await permissions(key, HOUR_MS)).toEqual([
      'gateway:anthropic',
      'gateway:ollama',
      'gateway:openai',
    ])
  })

  test('are none when every role has expired, and still the key has an owner', async () => {
    const key = await keyOf('anna', ['basic'])
    await admin.roles.grant(TESTER, 'anna', 'basic', Date.now() - 1)
    const principal = await load(key)
    expect(principal?.username).toBe('anna')
    expect([principal?.permissions.size, principal?.models.length]).toEqual([0, 0])
  })

  test('are none when there is no role at all, and still the key has an owner', async () => {
    const key = await keyOf('anna', ['basic'])
    await admin.roles.revoke(TESTER, 'anna', 'basic')
    expect((await load(key))?.permissions.size).toBe(0)
  })

  test('of a key that expires end at that very millisecond', async () => {
    const expiresAt = Date.now() + HOUR_MS
    const key = await keyOf('anna', ['basic'], expiresAt)
    expect((await load(key))?.validUntil).toBe(expiresAt)
    const at = (now: number) =>
      createPrincipalLoader({ isSigner: async () => true, db, clock: { now: () => now } })({
        digest: testKeyring.digest(key),
      })
    expect(await at(expiresAt - 1)).not.toBeNull()
    expect(await at(expiresAt)).toBeNull()
  })

  test('are gone with the key, with a disabled user, and with a deleted one', async () => {
    const keys = { anna: await keyOf('anna', ['basic']), bob: await keyOf('bob', ['basic']) }
    const second = (await admin.keys.generate(TESTER, 'anna')).key
    await admin.keys.revoke(TESTER, keys.anna)
    expect(await load(keys.anna)).toBeNull()
    expect((await load(second))?.username).toBe('anna')

    await admin.users.update(TESTER, 'bob', { disabled: true })
    expect(await load(keys.bob)).toBeNull()
    await admin.users.update(TESTER, 'bob', { disabled: false })
    expect((await load(keys.bob))?.username).toBe('bob')
    await admin.users.delete(TESTER, 'bob')
    expect(await load(keys.bob)).toBeNull()
  })

  test('of a deleted user are not revived by a new user with his name', async () => {
    const key = await keyOf('anna', ['basic'])
    await admin.users.delete(TESTER, 'anna')
    await admin.users.create(TESTER, { username: 'anna' })
    expect(await load(key)).toBeNull()
  })

  test('of an unknown digest are nothing', async () => {
    expect(await findVerification(db, { digest: 'f'.repeat(64) })).toEqual([])
  })

  test('are found when the roles are each other’s parents', async () => {
    const key = await keyOf('anna', ['basic'])
    await db
      .updateTable('roles')
      .set({ parent_id: 'role-admin' })
      .where('id', '=', 'role-basic')
      .execute()
    expect(await permissions(key)).toHaveLength(13)
    await db
      .updateTable('roles')
      .set({ parent_id: 'role-basic' })
      .where('id', '=', 'role-basic')
      .execute()
    expect(await permissions(key)).toEqual(['gateway:ollama'])
    expect((await admin.roles.info('basic')).permissions).toEqual(['gateway:ollama'])
  })
})
