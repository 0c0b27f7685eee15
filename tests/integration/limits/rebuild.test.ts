import { beforeEach, expect, test } from 'bun:test'
import { type Bucket, drained, EMPTY } from '../../../app/domain/bucket.ts'
import { type Limit, shapeOf } from '../../../app/domain/limit.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { createRebuild } from '../../../app/limits/rebuild.ts'
import { resetBuckets } from '../../../db/queries/limit-buckets.ts'
import type { RequestsTable } from '../../../db/schema.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { WORKING_OPERATIONS } from '../../support/permissions.ts'
import { AT, limitOf, needing } from '../../unit/limits/limit-states.ts'
import { createClock } from '../../unit/support/clock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

const tokens = limitOf({ unit: 'tokens', amount: 1000 })

await describeEachDatabase('buckets that a store has lost', (openFresh) => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await openFresh()
  })

  /** A request of user 1 with 100 tokens that ended at the very end of the minute so long ago. */
  const used = (minutesAgo: number, change: Partial<RequestsTable> = {}): RequestsTable => {
    const ended_at = AT - minutesAgo * MINUTE_MS - 1
    const counts = { prompt_tokens: 40, completion_tokens: 60 }
    const owner = { user_id: '1', key_id: '1' }
    return requestRow({ ...owner, ...counts, started_at: ended_at - 5000, ended_at, ...change })
  }

  async function rebuild(limits: readonly Limit[], holder = 'user:1', at = AT) {
    const clock = { now: () => at }
    const needs = { db: database.db, clock, longestRequestMs: HOUR_MS }
    const operations = WORKING_OPERATIONS
    const found = await createRebuild({ ...needs, operations })(holder, limits)
    expect(found.map(({ bucket }) => bucket)).toEqual(limits.map(({ bucket }) => bucket))
    return found.map(({ state }) => state)
  }
  /** How much of each limit is owed, in whole requests, tokens and ms of compute time. */
  const owed = async (limits: readonly Limit[], holder?: string): Promise<number[]> =>
    (await rebuild(limits, holder)).map(({ debt }, i) => {
      return debt / shapeOf(limits[i] as Limit).ticks
    })

  test('hold what was used within the window, of each unit', async () => {
    await insertRequests(database, [
      used(10, { compute_ms: 7000 }),
      used(30, { compute_ms: 500 }),
      used(70, { compute_ms: 90 }),
    ])
    const units = (['requests', 'tokens', 'compute-seconds'] as const).flatMap((unit) =>
      (['hour', 'day'] as const).map((window) => limitOf({ unit, window, amount: 1000 })),
    )
    expect(await owed(units)).toEqual([2, 3, 200, 300, 7500, 7590])
  })

  test('hold no more than fits, however full they may have been before', async () => {
    await insertRequests(database, [used(45, { prompt_tokens: 0, completion_tokens: 1000 })])
    const [state] = await rebuild([tokens])
    // Full three quarters of an hour ago.
    expect(state).toEqual({ ...EMPTY, debt: 250 * 360_000, tick: AT / 10 })
  })

  test('hold what is owed beyond what fits, for two windows at most', async () => {
    await insertRequests(database, [used(30, { prompt_tokens: 0, completion_tokens: 9000 })])
    expect(await owed([tokens])).toEqual([1500])
  })

  test('hold what their rule covers: gateways, models, and the key of a key’s', async () => {
    await insertRequests(database, [
      used(1),
      used(1, { gateway: 'openai' }),
      used(2, { model: 'qwen3:8b' }),
      used(3, { gateway: 'openai', model: 'qwen3:8b', key_id: '2' }),
      used(4, { model: null }),
    ])
    const rule = (change: Partial<Limit>) => limitOf({ ...change, amount: 1000, window: 'day' })
    expect(
      await owed([
        rule({}),
        rule({ gateway: 'ollama' }),
        rule({ gateway: 'openai' }),
        rule({ gateway: 'anthropic' }),
        rule({ model: 'qwen3:8b' }),
        rule({ gateway: 'openai', model: 'qwen3:8b' }),
        rule({ scope: 'role', role: 'basic' }),
        rule({ scope: 'key' }),
        rule({ scope: 'key', gateway: 'openai' }),
        rule({ scope: 'key', model: 'qwen3:8b' }),
        rule({ shadow: true }),
      ]),
    ).toEqual([5, 3, 2, 0, 2, 1, 5, 4, 1, 1, 5])
  })

  test('of a team hold what all its members used, and nobody else', async () => {
    const { db } = database
    const members = { anna: 'basic', bob: 'premium', carl: 'admin', dora: 'basic' }
    for (const [id, role] of Object.entries(members)) {
      const times = { created_at: 1, updated_at: 1, deleted_at: null }
      const user = { id, username: id, password_hash: null, disabled: 0, ...times }
      await db.insertInto('users').values(user).execute()
      const membership = { user_id: id, role_id: `role-${role}`, granted_at: 1, expires_at: null }
      await db.insertInto('user_roles').values(membership).execute()
    }
    await insertRequests(
      database,
      Object.keys(members).map((user_id, i) => used(5, { user_id, completion_tokens: 10 ** i })),
    )
    const team = limitOf({ scope: 'shared', role: 'role-premium', unit: 'tokens', amount: 5000 })
    expect(await owed([team], team.holder)).toEqual([80 + 110])
    const all = limitOf({ scope: 'shared', role: 'role-basic', unit: 'tokens', amount: 5000 })
    expect(await owed([all], all.holder)).toEqual([160 + 1111])
  })

  test('hold only what was used after they were emptied or their rule was made', async () => {
    await insertRequests(database, [used(10), used(20), used(30)])
    const young = { ...limitOf({ unit: 'tokens', window: 'day', amount: 864_000 }), since: 0 }
    const emptied = limitOf({ unit: 'requests', amount: 60 })
    await resetBuckets(database.db, 'user:1', [emptied.bucket], AT - 30 * MINUTE_MS)
    const since = AT - 20 * MINUTE_MS
    // Two requests: one is paid off in the ten minutes after it, and the other too.
    expect(await owed([emptied, { ...emptied, bucket: 'another' }])).toEqual([0, 3])
    // A hundred tokens are paid off within ten seconds.
    expect(await owed([{ ...young, since }, young])).toEqual([0, 300])
    expect(await owed([{ ...tokens, since }])).toEqual([0])
  })

  test('by the minute, and of running requests, are empty', async () => {
    await insertRequests(database, [used(0)])
    const limits = [
      limitOf({ window: 'minute' }),
      limitOf({ unit: 'concurrent-requests', window: 'now' }),
    ]
    expect(await rebuild(limits)).toEqual([
      { ...EMPTY, tick: AT },
      { ...EMPTY, tick: AT },
    ])
    expect(await owed([...limits, limitOf()])).toEqual([0, 0, 1])
  })

  test('hold no less than they truly did, whatever went on', async () => {
    const clock = createClock(AT)
    const truth = new Map<string, Bucket>()
    const limiter = createMemoryLimiter({
      clock,
      onChange: ({ bucket }, state) => truth.set(bucket, state),
    })
    const limits = [
      limitOf({ amount: 40 }),
      limitOf({ unit: 'tokens', amount: 5000 }),
      limitOf({ unit: 'tokens', window: 'day', amount: 90_000 }),
      limitOf({ unit: 'compute-seconds', amount: 60, scope: 'key' }),
      limitOf({ unit: 'compute-seconds', amount: 600, window: 'day', gateway: 'ollama' }),
    ]
    const rows: RequestsTable[] = []
    let seed = 7
    const below = (limit: number): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % limit
    }
    for (let i = 0; i < 400; i++) {
      clock.advance(below(60_000))
      const demands = needing({ tokens: below(900), 'compute-seconds': below(9000) })
      const { reservation } = await limiter.admit({ id: `${i}`, limits, demands })
      if (!reservation) continue
      const started_at = clock.now()
      clock.advance(below(20_000))
      const { granted } = reservation
      const counts = {
        prompt_tokens: 0,
        completion_tokens: below(granted.tokens + 1),
        compute_ms: below(granted['compute-seconds'] + 1),
      }
      rows.push(used(0, { started_at, ended_at: clock.now(), ...counts }))
      limiter.settle(reservation, {
        requests: 1,
        tokens: counts.completion_tokens,
        'compute-seconds': counts.compute_ms,
        'concurrent-requests': 0,
      })
    }
    expect(rows.length).toBeGreaterThan(100)
    for (let i = 0; i < rows.length; i += 50) {
      await insertRequests(database, rows.slice(i, i + 50))
    }
    const rebuilt = await rebuild(limits, 'user:1', clock.now())
    for (const [i, limit] of limits.entries()) {
      const known = drained(truth.get(limit.bucket) ?? EMPTY, shapeOf(limit), clock.now())
      expect(rebuilt[i]?.tick).toBe(known.tick)
      expect(known.debt).toBeGreaterThan(0)
      expect(rebuilt[i]?.debt).toBeGreaterThanOrEqual(known.debt)
      expect(rebuilt[i]?.debt).toBeLessThanOrEqual(shapeOf(limit).capacity * shapeOf(limit).ticks)
    }
  })
})
