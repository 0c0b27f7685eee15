import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { createPrincipalLoader } from '../../../app/auth/principal-loader.ts'
import { createVerifier, type Verifier } from '../../../app/auth/verifier.ts'
import { systemClock as clock } from '../../../app/domain/clock.ts'
import { isPermitted } from '../../../app/domain/grant.ts'
import { silentLog } from '../../../app/log.ts'
import { createRevocationWatch, type RevocationWatch } from '../../../app/services/revocation.ts'
import { type DatabaseHandle, openDatabase } from '../../../db/client.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { TESTER, testAdmin, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

await describeEachDatabase('what one process has cached', (openFresh) => {
  /** What another process than the one that verifies has, and its administration. */
  let elsewhere: DatabaseHandle
  let admin: Admin
  let verifier: Verifier
  let watch: RevocationWatch
  let rechecks: number
  /** A look-up's answer has been read from the database, and waits for `released`. */
  let onRead: () => void
  let released: Promise<void>
  let key: string

  beforeEach(async () => {
    const { db, url } = await openFresh()
    elsewhere = openDatabase(url)
    admin = testAdmin(elsewhere.db)
    rechecks = 0
    onRead = () => {}
    released = Promise.resolve()
    const load = createPrincipalLoader({ isSigner: async () => true, db, clock })
    verifier = createVerifier({
      keyring: testKeyring,
      clock,
      readToken: async () => null,
      load: async (credential) => {
        const principal = await load(credential)
        onRead()
        await released
        return principal
      },
    })
    watch = createRevocationWatch({
      readRevision: () => readRevision(db),
      forget: verifier.forget,
      recheckLive: async () => void rechecks++,
      clock,
      log: silentLog,
    })
    await admin.users.create(TESTER, { username: 'anna' })
    key = (await admin.keys.generate(TESTER, 'anna')).key
    await watch.check()
    rechecks = 0
  })

  afterEach(() => elsewhere.close())

  const CHANGES: [name: string, change: () => Promise<unknown>][] = [
    ['a key is revoked', () => admin.keys.revoke(TESTER, key)],
    ['its owner is disabled', () => admin.users.update(TESTER, 'anna', { disabled: true })],
    ['its owner is deleted', () => admin.users.delete(TESTER, 'anna')],
  ]

  test.each(CHANGES)('ends at the next look after %s elsewhere', async (_, change) => {
    expect((await verifier.verify(key))?.username).toBe('anna')
    await change()
    await watch.check()
    expect(await verifier.verify(key)).toBeNull()
    expect(rechecks).toBe(1)
  })

  test('follows the roles and their models at the next look', async () => {
    const may = async () => {
      const principal = await verifier.verify(key)
      if (!principal) throw new Error('the key is good')
      return [
        isPermitted(principal, 'gateway:openai'),
        principal.models.some((matches) => matches('llama2:latest')),
      ]
    }
    expect(await may()).toEqual([false, true])
    await admin.roles.grant(TESTER, 'anna', 'premium', null)
    await admin.roles.update(TESTER, 'basic', { models: ['qwen3*'] })
    expect(await may()).toEqual([false, true])
    await watch.check()
    expect(await may()).toEqual([true, false])
    await admin.roles.revoke(TESTER, 'anna', 'premium')
    await watch.check()
    expect(await may()).toEqual([false, false])
  })

  test('is not brought back by a look-up that was under way at the change', async () => {
    const read = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    onRead = read.resolve
    released = release.promise
    const underWay = verifier.verify(key)
    await read.promise
    await admin.keys.revoke(TESTER, key)
    await watch.check()
    release.resolve()
    await underWay
    expect(await verifier.verify(key)).toBeNull()
  })

  test('is kept, without a read, while nothing changes', async () => {
    const before = await verifier.verify(key)
    let reads = 0
    onRead = () => reads++
    for (let i = 0; i < 3; i++) await watch.check()
    expect(await verifier.verify(key)).toBe(before)
    expect([reads, rechecks]).toEqual([0, 0])
  })
})
