import { beforeEach, describe, expect, test } from 'bun:test'
import { sql } from 'kysely'
import { firstIdAt, newId } from '../../../db/ids.ts'
import { activityQuery, gatewayActivity } from '../../../db/queries/gateway-activity.ts'
import {
  deleteModelAliases,
  listGateways,
  listModelAliases,
  upsertGateway,
  upsertModelAliases,
} from '../../../db/queries/gateways.ts'
import type { ModelAliasesTable, RequestsTable } from '../../../db/schema.ts'
import { requestRow } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'

const AT = 1_800_000_000_000

const alias = (gateway: string, name: string, change = {}): ModelAliasesTable => ({
  gateway,
  alias: name,
  model: 'llama3:latest',
  created_at: 1,
  updated_at: 1,
  ...change,
})

await describeEachDatabase('what is decided about gateways', (openFresh) => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await openFresh()
  })

  test('is changed thing by thing, and what is left out stays', async () => {
    const { db } = database
    await upsertGateway(db, { name: 'openai', updated_at: 1, enabled: 0 })
    await upsertGateway(db, { name: 'openai', updated_at: 2, default_model: '' })
    await upsertGateway(db, { name: 'anthropic', updated_at: 3, default_model: 'qwen3:8b' })
    await upsertGateway(db, { name: 'anthropic', updated_at: 4, default_model: null })
    expect(await listGateways(db)).toEqual([
      { name: 'anthropic', enabled: null, default_model: null, updated_at: 4 },
      { name: 'openai', enabled: 0, default_model: '', updated_at: 2 },
    ])
  })

  test('about aliases keeps the age of one that gets another model', async () => {
    const { db } = database
    await upsertModelAliases(db, [alias('openai', 'gpt-4'), alias('ollama', 'gpt-4')])
    await upsertModelAliases(db, [
      alias('openai', 'gpt-4', { model: 'qwen3:8b', created_at: 2, updated_at: 2 }),
    ])
    await upsertModelAliases(db, [])
    expect(await listModelAliases(db)).toEqual([
      alias('ollama', 'gpt-4'),
      alias('openai', 'gpt-4', { model: 'qwen3:8b', updated_at: 2 }),
    ])
  })

  test('is listed in the order of bytes, and removed gateway by gateway', async () => {
    const { db } = database
    const names = ['b', 'a-b', 'a.b', '*', 'a_b', 'ab']
    await upsertModelAliases(
      db,
      names.flatMap((name) => [alias('openai', name), alias('ollama', name)]),
    )
    await deleteModelAliases(db, 'ollama', [...names.slice(1), 'nothing'])
    await deleteModelAliases(db, 'openai', [])
    expect((await listModelAliases(db)).map((row) => `${row.gateway} ${row.alias}`)).toEqual([
      'ollama b',
      ...names.toSorted().map((name) => `openai ${name}`),
    ])
  })
})

describe('the first id of a time', () => {
  test('is behind every id that was made before, and before every one that was made since', () => {
    const idAt = (ms: number): string => Bun.randomUUIDv7('hex', ms)
    for (const ms of [0, 1, AT, AT + 0.5, 2 ** 47]) {
      const first = firstIdAt(ms)
      const at = Math.floor(ms)
      expect(first <= idAt(at) && idAt(at) < firstIdAt(at + 1)).toBe(true)
      if (at > 0) expect(idAt(at - 1) < first).toBe(true)
    }
    expect(firstIdAt(-5)).toBe(firstIdAt(0))
    expect(firstIdAt(Date.now() + 1000) > newId()).toBe(true)
  })
})

await describeEachDatabase('what went through gateways', (openFresh) => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await openFresh()
  })

  /** A request that ended then. */
  const ended = (at: number, change: Partial<RequestsTable> = {}): RequestsTable =>
    requestRow({ id: Bun.randomUUIDv7('hex', at), started_at: at - 1000, ended_at: at, ...change })
  const insert = async (rows: readonly RequestsTable[]) => {
    await database.db.insertInto('requests').values(rows).execute()
  }

  test('is summed for each of them over what ended since that time', async () => {
    const failed = { outcome: 'failed', first_token_ms: null, prompt_tokens: 0 }
    await insert([
      ended(AT - 1),
      ended(AT),
      ended(AT + 5000, { prompt_tokens: 2 ** 50, total_ms: 2 ** 40 }),
      ended(AT, { gateway: 'openai', ...failed, completion_tokens: 0, total_ms: 7 }),
      ended(AT, { gateway: 'openai', outcome: 'cancelled', first_token_ms: 60, total_ms: 10 }),
      ended(AT, { gateway: 'anthropic', ...failed }),
      ended(AT, { gateway: 'tiny', ...failed, status: 400, error_code: 'bad_request' }),
      ended(AT, { gateway: 'tiny', ...failed, status: 501, error_code: 'not_implemented' }),
    ])
    expect(await gatewayActivity(database.db, AT, 1000)).toEqual([
      {
        gateway: 'anthropic',
        requests: 1,
        failed: 1,
        prompt_tokens: 0,
        completion_tokens: 34,
        first_tokens: 0,
        first_token_ms: 0,
        total_ms: 250,
        first_ended_at: AT,
      },
      {
        gateway: 'ollama',
        requests: 2,
        failed: 0,
        prompt_tokens: 12 + 2 ** 50,
        completion_tokens: 68,
        first_tokens: 2,
        first_token_ms: 80,
        total_ms: 250 + 2 ** 40,
        first_ended_at: AT,
      },
      {
        gateway: 'openai',
        requests: 2,
        failed: 1,
        prompt_tokens: 12,
        completion_tokens: 34,
        first_tokens: 1,
        first_token_ms: 60,
        total_ms: 17,
        first_ended_at: AT,
      },
      {
        gateway: 'tiny',
        requests: 2,
        failed: 0,
        prompt_tokens: 0,
        completion_tokens: 68,
        first_tokens: 0,
        first_token_ms: 0,
        total_ms: 500,
        first_ended_at: AT,
      },
    ])
    expect(await gatewayActivity(database.db, AT + 6000, 1000)).toEqual([])
  })

  test('is that of the newest requests where there are more than are read', async () => {
    await insert([0, 1, 2, 3].map((n) => ended(AT + n * 1000, { total_ms: 10 ** n })))
    expect(await gatewayActivity(database.db, AT, 2)).toMatchObject([
      { requests: 2, total_ms: 1100, first_ended_at: AT + 2000 },
    ])
  })

  test('is found by an index', async () => {
    const { db, url } = database
    for (let page = 0; page < 10; page++) {
      await insert(Array.from({ length: 500 }, (_, i) => ended(AT + (page * 500 + i) * 1000)))
    }
    await sql`analyze`.execute(db)
    const query = activityQuery(db, AT + 4_990_000, 1000)
    const isSqlite = url.startsWith('sqlite:')
    const plan = isSqlite ? await query.explain(undefined, sql`query plan`) : await query.explain()
    const index = isSqlite ? /USING INDEX \w+ \(ended_at>\?\)/ : /Index Cond: \(ended_at >= /
    expect(JSON.stringify(plan)).toMatch(index)
  })
})
