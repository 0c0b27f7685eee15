import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { createPrincipalLoader } from '../../../app/auth/principal-loader.ts'
import { type Bucket, EMPTY } from '../../../app/domain/bucket.ts'
import { shapeOf } from '../../../app/domain/limit.ts'
import { createRebuild } from '../../../app/limits/rebuild.ts'
import type { Allotment } from '../../../app/services/limit-proposal.ts'
import {
  insertRequests,
  requestRow,
  TESTER,
  testAdmin,
  testKeyring,
} from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { WORKING_OPERATIONS } from '../../support/permissions.ts'
import { refusalOf } from '../../support/refusal.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const clock = { now: () => Date.now() }

const requests = (amount: number): Allotment => ({ unit: 'requests', window: 'hour', amount })

await describeEachDatabase('a limit on a key and those that came after it', (openFresh) => {
  let database: TestDatabase
  let admin: Admin
  let anna: string
  let first: { readonly id: string; readonly key: string }
  let second: { readonly id: string; readonly key: string }
  let third: { readonly id: string; readonly key: string }

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
    anna = (await admin.users.create(TESTER, { username: 'anna' })).id
    first = await admin.keys.generate(TESTER, 'anna')
    second = await admin.keys.rotate(TESTER, first.id)
    third = await admin.keys.rotate(TESTER, second.id)
  })

  const set = (key: string, amount: number) =>
    admin.limits.set(TESTER, { key }, { gateway: 'ollama', amounts: [requests(amount)] })

  const limitsOf = async (key: string) => {
    const load = createPrincipalLoader({ isSigner: async () => true, db: database.db, clock })
    return (await load({ digest: testKeyring.digest(key) }))?.limits ?? []
  }

  test('is one rule, whichever of them it is set, read or removed by', async () => {
    await set(second.id, 5)
    const [rule] = await set(third.key, 7)
    expect(rule?.before).toBe(5)
    for (const { id } of [first, second, third]) {
      const { limits } = await admin.limits.get({ key: id })
      expect(limits).toMatchObject([{ scope: 'key', key: first.id, limit: 7 }])
    }
    expect((await admin.limits.get({ user: 'anna' })).limits).toHaveLength(1)
    await admin.limits.reset(TESTER, { key: first.id }, { gateway: 'ollama' })
    expect((await admin.limits.get({ key: third.id })).limits).toEqual([])
  })

  test('is one bucket at admission, apart from that of another family', async () => {
    const other = await admin.keys.generate(TESTER, 'anna')
    await set(third.id, 5)
    await set(other.id, 5)
    const buckets = await Promise.all(
      [first, second, third].map(async ({ key }) => (await limitsOf(key)).map((l) => l.bucket)),
    )
    expect(new Set(buckets.flat())).toHaveLength(1)
    expect(buckets.map(({ length }) => length)).toEqual([1, 1, 1])
    expect((await limitsOf(other.key))[0]?.bucket).not.toBe(buckets[0]?.[0])
  })

  test('is emptied for all of them at once', async () => {
    await set(first.id, 5)
    const [limit] = await limitsOf(third.key)
    const state: Bucket = {
      ...EMPTY,
      debt: 3 * (limit ? shapeOf(limit).ticks : 0),
      tick: Date.now(),
    }
    await database.db
      .insertInto('limit_buckets')
      .values({
        holder: limit?.holder ?? '',
        bucket: limit?.bucket ?? '',
        ...state,
        updated_at: Date.now() - 1,
      })
      .execute()
    const selection = { gateway: 'ollama' }
    expect(await admin.limits.resetUsed(TESTER, { key: third.id }, selection)).toBe(1)
    expect((await admin.limits.get({ key: first.id })).limits[0]?.used).toBe(0)
  })

  test('is rebuilt from what was done with all of them, and with no other key', async () => {
    const other = await admin.keys.generate(TESTER, 'anna')
    await set(first.id, 1000)
    const ended_at = Date.now() - 1000
    await insertRequests(
      database,
      [first.id, second.id, third.id, third.id, other.id, 'a key that is gone'].map((key_id) =>
        requestRow({ user_id: anna, key_id, started_at: ended_at - 1000, ended_at }),
      ),
    )
    await database.db.updateTable('limits').set({ created_at: 0 }).execute()
    const limits = await limitsOf(second.key)
    const rebuild = createRebuild({
      db: database.db,
      clock,
      longestRequestMs: HOUR_MS,
      operations: WORKING_OPERATIONS,
    })
    const [found] = await rebuild(`user:${anna}`, limits)
    const [limit] = limits
    if (!found || !limit) throw new Error('there is a limit')
    expect(Math.round(found.state.debt / shapeOf(limit).ticks)).toBe(4)
  })

  test('is simulated with what was done with all of them', async () => {
    const ended_at = Date.now() - 1000
    const other = await admin.keys.generate(TESTER, 'anna')
    await insertRequests(
      database,
      [first.id, second.id, third.id, other.id].map((key_id, i) =>
        requestRow({ user_id: anna, key_id, started_at: ended_at - 1000 + i, ended_at }),
      ),
    )
    const proposal = { gateway: '*', amounts: [requests(1)] }
    const [simulation] = await admin.limits.simulate({ key: second.id }, proposal, { days: 1 })
    expect(simulation).toMatchObject({ requests: 3, refused: 2 })
  })

  test('is set by a key that is over only in words that name the one to use', async () => {
    const old = await admin.keys.generate(TESTER, 'anna')
    const next = await admin.keys.rotate(TESTER, old.id, { graceMs: 0 })
    expect(await refusalOf(set(old.id, 5))).toMatchObject({
      code: 'conflict',
      message: `the key ${old.id} has expired; limit the user or its successor ${next.id}`,
    })
    const cut = await refusalOf(set(old.key.slice(0, -1), 5))
    expect(cut?.code).toBe('not_found')
    expect(cut?.message).not.toContain(old.key.slice(14, 40))
  })
})
