import { beforeEach, expect, test } from 'bun:test'
import { apiKeyId } from '../../../app/domain/api-key.ts'
import type { NewKey } from '../../../app/services/key-view.ts'
import { type DatabaseHandle, openDatabase } from '../../../db/client.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { TESTER, testAdmin, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { AT, acting, keysAt } from '../../support/keys-service.ts'
import { refusalOf } from '../../support/refusal.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

await describeEachDatabase('a key that is rotated', (openFresh) => {
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

  test('has a successor with all it had, and goes on working for a week', async () => {
    const expiresAt = AT + 100 * DAY_MS
    const old = await keys.generate(TESTER, 'anna', {
      description: 'laptop',
      expiresAt,
      scopes: { gateways: ['ollama'], models: ['llama3*'], addresses: ['10.0.0.0/8'] },
      rotateEveryMs: 60 * DAY_MS,
      graceMs: 20 * DAY_MS,
    })
    clock.advance(DAY_MS)
    const made = await keys.rotate(TESTER, old.key, { graceMs: 7 * DAY_MS })
    expect(apiKeyId(made.key)).toBe(made.id)
    const { description, scopes } = old
    expect(made).toMatchObject({ description, scopes, expiresAt, familyId: old.id })
    expect(made.rotation).toEqual({
      everyMs: 60 * DAY_MS,
      graceMs: 20 * DAY_MS,
      nextAt: AT + 61 * DAY_MS,
    })
    expect(await keys.inspect(old.id)).toMatchObject({
      status: 'replaced',
      replacedBy: made.id,
      expiresAt: AT + 8 * DAY_MS,
      rotation: { nextAt: null },
    })
    clock.advance(7 * DAY_MS)
    expect((await keys.inspect(old.id)).status).toBe('expired')
  })

  test('by hand keeps its own grace, or a week, and never lives longer than it would have', async () => {
    const endOf = async (options: object, graceMs?: number): Promise<number | null> => {
      const { id } = await keys.generate(TESTER, 'anna', options)
      await keys.rotate(TESTER, id, { graceMs })
      return (await keys.inspect(id)).expiresAt
    }
    const monthly = { rotateEveryMs: 30 * DAY_MS, graceMs: 2 * DAY_MS }
    expect(await endOf({})).toBe(AT + 7 * DAY_MS)
    expect(await endOf(monthly)).toBe(AT + 2 * DAY_MS)
    expect(await endOf(monthly, 0)).toBe(AT)
    expect(await endOf({ expiresAt: AT + 5 }, DAY_MS)).toBe(AT + 5)
    for (const graceMs of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect((await refusalOf(endOf({}, graceMs)))?.code).toBe('invalid')
    }
  })

  test('is rotated once, by whoever comes first, and the others are told of the successor', async () => {
    const { id } = await keys.generate(TESTER, 'anna')
    const other = openDatabase(database.url)
    try {
      const results = await Promise.allSettled([
        keys.rotate(TESTER, id),
        keysAt(other.db).keys.rotate(TESTER, id),
        keys.rotate(TESTER, id),
      ])
      const made = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value.id] : []))
      expect(made).toHaveLength(1)
      expect(await rows()).toHaveLength(2)
      expect(await refusalOf(keys.rotate(TESTER, id))).toMatchObject({
        code: 'conflict',
        message: `the key ${id} has been replaced by ${made[0]}; rotate that one`,
      })
    } finally {
      await other.close()
    }
  })

  test('must be alive: one that is revoked or has expired is not', async () => {
    const revoked = await keys.generate(TESTER, 'anna')
    await keys.revoke(TESTER, revoked.id)
    const expired = await keys.generate(TESTER, 'anna', { expiresAt: AT })
    for (const { id } of [revoked, expired]) {
      expect((await refusalOf(keys.rotate(TESTER, id)))?.code).toBe('conflict')
    }
    expect((await refusalOf(keys.rotate(TESTER, 'nothing')))?.code).toBe('not_found')
  })

  test('by the server is replaced when its time comes, once, whatever many servers do', async () => {
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

  test('by the server waits for its owner, encrypted, and can be fetched again and again', async () => {
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

  test('leaves a text to be fetched only until the old key ends or is revoked', async () => {
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

  test('by hand leaves no text behind, and one without a successor says when there will be one', async () => {
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
