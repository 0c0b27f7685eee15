import { describe, expect, test } from 'bun:test'
import { setImmediate } from 'node:timers/promises'
import {
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { createRecentActivity } from '../../../app/services/recent-activity.ts'
import type { Schema } from '../../../db/schema.ts'
import { createClock } from '../support/clock.ts'

type Answer = () => Promise<readonly object[]>

const ROW = {
  gateway: 'openai',
  requests: 3,
  failed: 1,
  prompt_tokens: 30,
  completion_tokens: 12,
  first_tokens: 2,
  first_token_ms: 90,
  total_ms: 600,
}

/** A database that answers as it is told to, the last answer from then on. */
function stage(...answers: readonly Answer[]) {
  let asked = 0
  const connection: DatabaseConnection = {
    async executeQuery<R>(): Promise<QueryResult<R>> {
      const answer = answers[asked++] ?? answers.at(-1)
      return { rows: ((await answer?.()) ?? []) as R[] }
    },
    // biome-ignore lint/correctness/useYield: nothing is streamed here
    async *streamQuery() {
      throw new Error('nothing is streamed in this test')
    },
  }
  const driver = Object.assign(new DummyDriver(), { acquireConnection: async () => connection })
  const db = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  const clock = createClock()
  const names = ['ollama', 'openai']
  const recentActivity = createRecentActivity({ db, clock, names, timeoutMs: 20 })
  const attempt = () =>
    recentActivity().then(
      (found) => found.map(({ gateway, requests }) => `${gateway} ${requests}`),
      (err) => [err.code, err.headers['retry-after']],
    )
  return { attempt, clock, recentActivity, asked: () => asked }
}

const rows =
  (...found: readonly object[]): Answer =>
  async () =>
    found
const failing: Answer = () => Promise.reject(new Error('the connection was lost'))
const hanging: Answer = () => new Promise(() => {})

const TOLD = ['ollama 0', 'openai 3']
const UNAVAILABLE = ['database_unavailable', '2']

describe('what went through the gateways lately', () => {
  test('is told of each, in their order', async () => {
    const [first, second] = await stage(rows(ROW)).recentActivity()
    expect(first).toMatchObject({ gateway: 'ollama', minutes: 1, requests: 0 })
    expect(second).toMatchObject({ gateway: 'openai', failed: 1, meanFirstTokenMs: 45 })
  })

  test('is asked for once a second, however many want to know', async () => {
    const { attempt, asked, clock } = stage(rows(ROW), rows())
    const all = await Promise.all(Array.from({ length: 100 }, attempt))
    expect(all).toEqual(Array(100).fill(TOLD))
    clock.advance(999)
    expect([await attempt(), asked()]).toEqual([TOLD, 1])
    clock.advance(1)
    expect([await attempt(), asked()]).toEqual([['ollama 0', 'openai 0'], 2])
  })

  test('is a failure for a second when the database fails, and then asked for again', async () => {
    const { attempt, asked, clock } = stage(failing, rows(ROW))
    expect([await attempt(), await attempt(), asked()]).toEqual([UNAVAILABLE, UNAVAILABLE, 1])
    clock.advance(1000)
    expect([await attempt(), asked()]).toEqual([TOLD, 2])
  })

  test('is waited for no longer than it may take, and not asked for again while the answer is owed', async () => {
    const { attempt, asked, clock } = stage(hanging)
    for (let i = 0; i < 3; i++) {
      expect(await attempt()).toEqual(UNAVAILABLE)
      clock.advance(1000)
    }
    expect(asked()).toBe(1)
  })

  test('is asked for again once the answer that was owed has come', async () => {
    const late = Promise.withResolvers<readonly object[]>()
    const { attempt, asked, clock } = stage(() => late.promise, rows(ROW))
    expect(await attempt()).toEqual(UNAVAILABLE)
    late.resolve([])
    await setImmediate()
    clock.advance(1000)
    expect([await attempt(), asked()]).toEqual([TOLD, 2])
  })
})
