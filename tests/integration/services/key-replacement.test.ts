import { beforeEach, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import type { NewKey } from '../../../app/services/key-view.ts'
import { createKeys } from '../../../app/services/keys.ts'
import { type DatabaseHandle, openDatabase } from '../../../db/client.ts'
import { newId } from '../../../db/ids.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { TESTER, testAdmin, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { AT, acting, keysAt } from '../../support/keys-service.ts'
import { refusalOf } from '../../support/refusal.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

await describeEachDatabase('a key that the server replaces', (openFresh) => {
  let database: TestDatabase
  let clock: ReturnType<typeof keysAt>['clock']
  let keys: ReturnType<typeof keysAt>['keys']
  let anna: { id: string; username: string }

  beforeEach(async () => {
    database = await openFresh()
    ;({ keys, clock } = keysAt(database.db))
    const { users } = testAdmin(database.db)
    await users.create(TESTER, { username: 'root', roles: ['admin'] })
    anna = await users.create(TESTER, { username: 'anna' })
  })

  const rows = () => database.db.selectFrom('api_keys').selectAll().execute()

  /** A key that the server replaces each month, after the first time that it did so. */
  async function replacedKey(): Promise<NewKey> {
    const old = await keys.generate(TESTER, 'anna', {
      rotateEveryMs: 30 * DAY_MS,
      graceMs: 7 * DAY_MS,
    })
    clock.advance(30 * DAY_MS)
    expect(await keys.rotateDue()).toBe(1)
    return old
  }

  test('is replaced when its time comes, once, however many servers there are', async () => {
    const old = await keys.generate(TESTER, 'anna', { rotateEveryMs: HOUR_MS })
    await keys.generate(TESTER, 'anna')
    clock.advance(HOUR_MS - 1)
    expect(await keys.rotateDue()).toBe(0)
    clock.advance(1)
    const revision = await readRevision(database.db)
    const others: DatabaseHandle[] = [1, 2].map(() => openDatabase(database.url))
    try {
      const servers = [keys, ...others.map(({ db }) => keysAt(db, clock).keys)]
      const replaced = await Promise.all(servers.map((server) => server.rotateDue()))
      expect(replaced.reduce((sum, count) => sum + count, 0)).toBe(1)
    } finally {
      for (const other of others) await other.close()
    }
    expect(await readRevision(database.db)).toBe(revision + 1)
    expect(await keys.inspect(old.id)).toMatchObject({
      status: 'replaced',
      expiresAt: clock.now() + HOUR_MS / 2,
    })
    const entries = await database.db
      .selectFrom('audit_log')
      .selectAll()
      .where('action', '=', 'key.rotate')
      .execute()
    expect(entries).toMatchObject([{ actor: 'system', target: old.id, outcome: 'done' }])
  })

  test('has a successor that waits for its owner, encrypted, and can be fetched again and again', async () => {
    const old = await replacedKey()
    const made = await keys.successor(TESTER, old.key)
    expect(made).toMatchObject({ familyId: old.id, username: 'anna', status: 'active' })
    expect(await keys.successor(acting(anna, []), old.id, { owner: anna.id })).toEqual(made)
    const row = (await rows()).find(({ id }) => id === made.id)
    expect(row?.digest).toBe(testKeyring.digest(made.key))
    expect(JSON.stringify(await rows())).not.toContain(made.key.slice(14, -6))
    const audit = await database.db.selectFrom('audit_log').selectAll().execute()
    expect(JSON.stringify(audit)).not.toContain(made.key.slice(14))
    expect(audit.filter(({ action }) => action === 'key.deliver')).toHaveLength(2)
  })

  test('has a successor only for who still may fetch it', async () => {
    const old = await replacedKey()
    const revision = await readRevision(database.db)
    const demoted = acting(anna, ['users:manage'])
    expect(await refusalOf(keys.successor(demoted, old.id))).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('your own rights were changed'),
    })
    expect(await readRevision(database.db)).toBe(revision)
    const entries = await testAdmin(database.db).audit.page({ after: null, limit: 1 })
    expect(entries.rows).toMatchObject([
      { action: 'key.deliver', target: old.id, outcome: 'refused' },
    ])
  })

  test('does not keep the others from being replaced when it can not be, and that is told', async () => {
    for (let i = 0; i < 3; i++) await keys.generate(TESTER, 'anna', { rotateEveryMs: HOUR_MS })
    clock.advance(HOUR_MS)
    let sealed = 0
    const seal = (text: string, place: string): string => {
      if (sealed++ === 0) throw new Error('this one can not be sealed')
      return testKeyring.seal(text, place)
    }
    const broken = createKeys({
      db: database.db,
      clock,
      newId,
      random: randomBytes,
      gateways: [],
      keyring: { ...testKeyring, seal },
    })
    await expect(broken.rotateDue()).rejects.toThrow(/^1 of 3 keys .*not be replaced/)
    expect((await keys.list()).filter(({ status }) => status === 'replaced')).toHaveLength(2)
    expect(await keys.rotateDue()).toBe(1)
  })

  test('leaves a text to be fetched only until it ends or is revoked', async () => {
    const gone = async (id: string): Promise<void> => {
      expect((await refusalOf(keys.successor(TESTER, id)))?.code).toBe('not_found')
      expect((await rows()).map(({ sealed_text }) => sealed_text)).toEqual([null, null])
      await database.db.deleteFrom('api_keys').execute()
    }
    const ended = await replacedKey()
    clock.advance(7 * DAY_MS)
    expect((await refusalOf(keys.successor(TESTER, ended.id)))?.code).toBe('not_found')
    expect(await keys.rotateDue()).toBe(0)
    await gone(ended.id)
    const revoked = await replacedKey()
    const { replacedBy } = await keys.revoke(TESTER, revoked.id)
    expect((await keys.inspect(replacedBy ?? '')).status).toBe('active')
    await gone(revoked.id)
    const early = await replacedKey()
    await keys.revoke(TESTER, (await keys.successor(TESTER, early.id)).id)
    await gone(early.id)
  })

  test('says when there will be a successor, and one that was replaced by hand has none to fetch', async () => {
    const byHand = await keys.generate(TESTER, 'anna')
    const { id } = await keys.rotate(TESTER, byHand.id)
    expect((await refusalOf(keys.successor(TESTER, byHand.id)))?.message).toContain(id)
    const later = await keys.generate(TESTER, 'anna', { rotateEveryMs: DAY_MS })
    expect((await refusalOf(keys.successor(TESTER, later.id)))?.message).toEndWith(
      `yet; the server makes it at ${new Date(AT + DAY_MS).toISOString()}`,
    )
  })

  test('is not replaced again and again where nobody fetches or uses what is made', async () => {
    const old = await replacedKey()
    const { id } = await keys.successor(TESTER, old.id)
    clock.advance(90 * DAY_MS)
    expect(await keys.rotateDue()).toBe(0)
    await database.db
      .updateTable('api_keys')
      .set({ last_used_at: clock.now() })
      .where('id', '=', id)
      .execute()
    expect(await keys.rotateDue()).toBe(1)
    expect((await keys.inspect(id)).status).toBe('replaced')
  })

  test('is not replaced for a user who is disabled, until they are enabled again', async () => {
    const { users } = testAdmin(database.db)
    await keys.generate(TESTER, 'anna', { rotateEveryMs: HOUR_MS })
    clock.advance(HOUR_MS)
    await users.update(TESTER, 'anna', { disabled: true })
    expect(await keys.rotateDue()).toBe(0)
    await users.update(TESTER, 'anna', { disabled: false })
    expect(await keys.rotateDue()).toBe(1)
  })
})
