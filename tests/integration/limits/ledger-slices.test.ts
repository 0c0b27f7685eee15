import { beforeEach, expect, test } from 'bun:test'
import { sql } from 'kysely'
import {
  roleMembers,
  type SliceFilter,
  slicesQuery,
  type UsageSlice,
  usageSlices,
} from '../../../db/queries/ledger-slices.ts'
import type { RequestsTable } from '../../../db/schema.ts'
import { requestRow } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { WORKING_OPERATIONS } from '../../support/permissions.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** At the beginning of a minute. */
const NOW = 1_800_000_000_000

await describeEachDatabase('what the ledger says was used', (openFresh) => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await openFresh()
  })

  async function insert(rows: readonly RequestsTable[]): Promise<void> {
    for (let i = 0; i < rows.length; i += 500) {
      await database.db
        .insertInto('requests')
        .values(rows.slice(i, i + 500))
        .execute()
    }
  }
  /** A request that took a second and ended then. */
  const ended = (ended_at: number, change: Partial<RequestsTable> = {}): RequestsTable =>
    requestRow({ started_at: ended_at - 1000, ended_at, ...change })
  const slices = (change: Partial<SliceFilter> = {}): Promise<UsageSlice[]> =>
    usageSlices(database.db, {
      userIds: ['user-1'],
      since: NOW - HOUR_MS,
      longestMs: 2 * HOUR_MS,
      operations: WORKING_OPERATIONS,
      perKey: false,
      ...change,
    })

  test('is summed by the minute in which requests ended, and said to be at its end', async () => {
    await insert([
      ended(NOW),
      ended(NOW + 59_999, { prompt_tokens: 1, completion_tokens: 2, compute_ms: 3 }),
      ended(NOW + 60_000, { started_at: NOW }),
      ended(NOW - 1),
    ])
    const slice = { gateway: 'ollama', model: 'llama2:latest', key_id: null }
    const one = { ...slice, requests: 1, tokens: 46, compute_ms: 200 }
    expect(await slices()).toEqual([
      { ...one, at: NOW },
      { ...slice, at: NOW + MINUTE_MS, requests: 2, tokens: 49, compute_ms: 203 },
      { ...one, at: NOW + 2 * MINUTE_MS },
    ])
  })

  test('is told apart by gateway and model, and by key when that is asked for', async () => {
    await insert([
      ended(NOW),
      ended(NOW, { key_id: 'key-2' }),
      ended(NOW, { gateway: 'openai' }),
      ended(NOW, { model: 'qwen3:8b' }),
      ended(NOW, { model: null }),
    ])
    const names = (found: UsageSlice[]) =>
      found.map((s) => `${s.gateway} ${s.model} ${s.key_id} ${s.requests}`).sort()
    expect(names(await slices())).toEqual([
      'ollama llama2:latest null 2',
      'ollama null null 1',
      'ollama qwen3:8b null 1',
      'openai llama2:latest null 1',
    ])
    expect(names(await slices({ perKey: true }))).toEqual([
      'ollama llama2:latest key-1 1',
      'ollama llama2:latest key-2 1',
      'ollama null key-1 1',
      'ollama qwen3:8b key-1 1',
      'openai llama2:latest key-1 1',
    ])
  })

  test('leaves out other work, and what failed before its first token', async () => {
    const failed = { outcome: 'failed', prompt_tokens: 0, completion_tokens: 0 }
    await insert([
      ...['chat', 'generate', 'embed', 'embeddings'].map((operation) => ended(NOW, { operation })),
      ...['pull', 'tags', 'show', 'delete'].map((operation) => ended(NOW, { operation })),
      ended(NOW, failed),
      ended(NOW, { ...failed, prompt_tokens: 1 }),
      ended(NOW, { ...failed, completion_tokens: 1 }),
      ended(NOW, { ...failed, outcome: 'cancelled' }),
      ended(NOW, { ...failed, outcome: 'completed' }),
    ])
    expect(await slices()).toMatchObject([{ requests: 8, tokens: 4 * 46 + 2 }])
  })

  test('begins with what ended at that millisecond, however long ago it began', async () => {
    const since = NOW - HOUR_MS
    await insert([
      ended(since - 1),
      ended(since),
      ended(since, { started_at: since - 2 * HOUR_MS }),
      ended(since, { started_at: since - 2 * HOUR_MS - 1 }),
    ])
    expect(await slices({ since })).toMatchObject([{ requests: 2 }])
    expect(await slices({ since, longestMs: 3 * HOUR_MS })).toMatchObject([{ requests: 3 }])
  })

  test('is that of all users who are named, however many, and of nobody else', async () => {
    const userIds = Array.from({ length: 1203 }, (_, i) => `user-${i}`)
    await insert([...userIds, 'somebody'].map((user_id) => ended(NOW, { user_id })))
    const found = await slices({ userIds })
    expect(found.reduce((sum, { requests }) => sum + requests, 0)).toBe(1203)
    expect(found.length).toBeLessThan(10)
    expect(await slices({ userIds: [] })).toEqual([])
  })

  test('is exact far beyond 32 bits', async () => {
    const prompt_tokens = 2 ** 50
    await insert([
      ended(NOW, { prompt_tokens }),
      ended(NOW, { prompt_tokens, compute_ms: 2 ** 50 }),
    ])
    expect(await slices()).toMatchObject([
      { tokens: 2 ** 51 + 68, compute_ms: 2 ** 50 + 200, at: NOW + MINUTE_MS },
    ])
  })

  test('is found by the index over users and times', async () => {
    const { db } = database
    await insert(
      Array.from({ length: 20_000 }, (_, i) =>
        ended(NOW - i * 10_000, { user_id: `user-${i % 100}` }),
      ),
    )
    await sql`analyze`.execute(db)
    const filter = {
      since: NOW - HOUR_MS,
      longestMs: 2 * HOUR_MS,
      operations: WORKING_OPERATIONS,
      perKey: true,
    }
    for (const userIds of [['user-1'], ['user-1', 'user-2', 'user-3']]) {
      const query = slicesQuery(db, { ...filter, userIds })
      const plan = database.url.startsWith('sqlite:')
        ? await query.explain(undefined, sql`query plan`)
        : await query.explain()
      const text = JSON.stringify(plan)
      // On PostgreSQL it is the index of a partition.
      expect(text).toMatch(/requests_user_started|requests_\w+_user_id_started_at_idx/)
      expect(text).toMatch(/user_id=\? AND started_at>\?|Index Cond: .*user_id.*started_at >= /)
    }
  })
})

await describeEachDatabase('the members of a role', (openFresh) => {
  test('are those who have it or one that inherits from it, or had it until lately', async () => {
    const { db } = await openFresh()
    const give = async (id: string, role: string, expires_at: number | null = null) => {
      const times = { created_at: 1, updated_at: 1, deleted_at: null }
      const user = { id, username: id, password_hash: null, disabled: 0, ...times }
      await db
        .insertInto('users')
        .values(user)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      const membership = { user_id: id, role_id: `role-${role}`, granted_at: 1, expires_at }
      await db.insertInto('user_roles').values(membership).execute()
    }
    await give('basic', 'basic')
    await give('premium', 'premium')
    await give('both', 'premium')
    await give('both', 'basic', NOW - 1)
    await give('admin', 'admin')
    await give('late', 'premium', NOW)
    await give('soon', 'premium', NOW + 1)
    const members = async (role: string) => (await roleMembers(db, `role-${role}`, NOW)).sort()
    expect(await members('basic')).toEqual(['admin', 'basic', 'both', 'premium', 'soon'])
    expect(await members('premium')).toEqual(['admin', 'both', 'premium', 'soon'])
    expect(await members('admin')).toEqual(['admin'])
    expect(await members('nobody')).toEqual([])

    await db
      .updateTable('roles')
      .set({ parent_id: 'role-admin' })
      .where('id', '=', 'role-basic')
      .execute()
    expect(await members('admin')).toEqual(['admin', 'basic', 'both', 'premium', 'soon'])
  })
})
