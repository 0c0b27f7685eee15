import { beforeEach, expect, test } from 'bun:test'
import { apiKeyId } from '../../../app/domain/api-key.ts'
import { openDatabase } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { AT, keysAt } from '../../support/keys-service.ts'
import { refusalOf } from '../../support/refusal.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

await describeEachDatabase('a key that is rotated', (openFresh) => {
  let database: TestDatabase
  let clock: ReturnType<typeof keysAt>['clock']
  let keys: ReturnType<typeof keysAt>['keys']

  beforeEach(async () => {
    database = await openFresh()
    ;({ keys, clock } = keysAt(database.db))
    const { users } = testAdmin(database.db)
    await users.create(TESTER, { username: 'root', roles: ['admin'] })
    await users.create(TESTER, { username: 'anna' })
  })

  const rows = () => database.db.selectFrom('api_keys').selectAll().execute()

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
})
