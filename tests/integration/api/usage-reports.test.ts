import { expect, test } from 'bun:test'
import type { RequestsTable } from '../../../db/schema.ts'
import { type ApiAnswer, callApi } from '../../support/api.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { setStage } from '../../support/gateway/stage.ts'

const HOUR_MS = 3_600_000
const OCTOBER = Date.parse('2025-10-01T00:00:00Z')
const TEN_YEARS_MS = 3650 * 24 * HOUR_MS
const PRICES = { watts: 400, price_per_kwh: 0.25, currency: 'EUR' }

const october = 'from=2025-10-01&to=2025-10-31'

const refused = ({ status, body }: ApiAnswer) => [status, body.code, body.detail]

/** How many requests each line of a part has that has some, by what the line is about. */
const requestsBy = ({ body }: ApiAnswer, part: string, name: string) =>
  (body[part] as Readonly<Record<string, unknown>>[])
    .filter(({ requests }) => requests !== 0)
    .map((line) => [line[name], line.requests])
    .sort()

await describeEachDatabase('what was used, summed up over HTTP,', (openFresh) => {
  /** Two users who used things in October 2025, of whom one may read what everybody used. */
  async function setScene(settings = {}) {
    const database = await openFresh()
    const stage = await setStage({ database, settings })
    const role = await stage.gateway.role({ permissions: ['usage:read'] })
    const reader = await stage.gateway.user({ roles: [role] })
    const { user } = stage
    const row = (hours: number, changes: Partial<RequestsTable>) =>
      requestRow({ user_id: user.id, started_at: OCTOBER + hours * HOUR_MS, ...changes })
    await insertRequests(database, [
      row(-1, { compute_ms: HOUR_MS }),
      row(1, { compute_ms: HOUR_MS, load_ms: 90_000, queue_ms: 30_000 }),
      row(30, { compute_ms: HOUR_MS, gateway: 'openai', model: 'qwen3:8b', outcome: 'failed' }),
      row(31, { user_id: reader.id, prompt_tokens: 1000, outcome: 'cancelled' }),
    ])
    return {
      database,
      user,
      reader,
      get: (path: string, query = '', as = reader) =>
        callApi(stage, 'GET', query ? `${path}?${query}` : path, { as }),
      [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
    }
  }

  test('are the figures of everybody, by gateway, model and day', async () => {
    await using scene = await setScene()
    const all = await scene.get('/admin/usage/summary', october)
    expect(all.body).toMatchObject({
      username: null,
      from: '2025-10-01T00:00:00.000Z',
      until: '2025-11-01T00:00:00.000Z',
      time_zone: 'UTC',
      total: { requests: 3, completed: 1, failed: 1, cancelled: 1, expired: 0, cold_loads: 1 },
    })
    expect(all.body.total).toMatchObject({
      prompt_tokens: 1024,
      completion_tokens: 102,
      compute_ms: 2 * HOUR_MS + 200,
      queue_ms: 30_000,
    })
    expect(requestsBy(all, 'gateways', 'gateway')).toEqual([
      ['ollama', 2],
      ['openai', 1],
    ])
    expect(requestsBy(all, 'models', 'model')).toEqual([
      ['llama2:latest', 2],
      ['qwen3:8b', 1],
    ])
    expect(all.body.days).toHaveLength(31)
    expect(requestsBy(all, 'days', 'date')).toEqual([
      ['2025-10-01', 1],
      ['2025-10-02', 2],
    ])
  })

  test('are those of one user, of oneself, of a model, of the days of a time zone', async () => {
    await using scene = await setScene()
    const { get, user } = scene
    const one = await get('/admin/usage/summary', `${october}&username=${user.username}`)
    expect(one.body).toMatchObject({
      username: user.username,
      total: { requests: 2, prompt_tokens: 24 },
    })
    expect((await get('/me/usage/summary', october, user)).body).toEqual(one.body)
    const part = `${october}&gateway=openai&model=QWEN3:8b`
    expect((await get('/admin/usage/summary', part)).body.total).toMatchObject({ requests: 1 })
    const inNewYork = `${october}&time_zone=America/New_York`
    expect((await get('/admin/usage/summary', inNewYork)).body).toMatchObject({
      from: '2025-10-01T04:00:00.000Z',
      total: { requests: 2 },
    })
    expect((await get('/me/usage/summary', 'model=lama2', user)).status).toBe(200)
    expect(refused(await get('/admin/usage/summary', 'model=lama2'))).toEqual([
      404,
      'not_found',
      'no request ever asked for a model "lama2", did you mean llama2:latest?',
    ])
  })

  test('is a report like that of the command line, with what it cost', async () => {
    await using scene = await setScene({ usage: PRICES })
    const { get, user, reader } = scene
    const { username } = user
    const { body } = await get('/admin/usage/report', 'month=2025-10')
    expect(body).toMatchObject({
      title: 'October 2025',
      from: '2025-10-01T00:00:00.000Z',
      until: '2025-11-01T00:00:00.000Z',
      time_zone: 'UTC',
      username: null,
      role: null,
      gateway: null,
      currency: 'EUR',
      users: [
        { name: username, roles: ['basic'], requests: 2, gpu_hours: 2, kwh: 0.8, cost: 0.2 },
        { name: reader.username, requests: 1, prompt_tokens: 1000 },
      ],
      total: { requests: 3, cold_loads: 1, cold_load_minutes: 1.5, queue_minutes: 0.5, kwh: 0.8 },
    })
    const filters = `username=${username}&role=basic&gateway=openai`
    expect((await get('/admin/usage/report', `${october}&${filters}`)).body).toMatchObject({
      title: '2025-10-01 to 2025-10-31',
      username,
      role: 'basic',
      gateway: 'openai',
      models: [{ name: 'qwen3:8b', requests: 1 }],
      total: { requests: 1 },
    })
    expect((await get('/admin/usage/report')).body).toMatchObject({ users: [], models: [] })
    expect((await get('/admin/usage/report', 'month=2025-10', user)).status).toBe(403)
    expect(refused(await get('/admin/usage/report', 'username=nobody'))).toEqual([
      404,
      'not_found',
      'there is no user "nobody"',
    ])
    expect((await get('/admin/usage/report', 'role=none')).status).toBe(404)
  })

  test('has advice in it once there is enough', async () => {
    await using scene = await setScene()
    const { database, get, user } = scene
    const little = await get('/admin/usage/advice')
    expect(little.body).toMatchObject({ requests: 0, recommendations: [] })
    expect(little.body.too_little).toContain('it takes 3 days and 100 requests')
    const rows = Array.from({ length: 120 }, (_, i) =>
      requestRow({ started_at: Date.now() - i * HOUR_MS, load_ms: 20_000 }),
    )
    await insertRequests(database, rows)
    const { body } = await get('/admin/usage/advice', 'days=10')
    expect(body).toMatchObject({ requests: 120, too_little: null })
    expect((body.recommendations as object[])[0]).toEqual({
      kind: 'pin',
      model: 'llama2:latest',
      advice: 'keep it loaded (keep_alive -1)',
      why: expect.stringMatching(/^24 loads took 8 min a day/),
      numbers: { loads_per_day: 24, load_minutes_per_day: 8, hours_used_per_day: 24 },
    })
    expect((await get('/admin/usage/advice', 'days=10', user)).status).toBe(403)
  })

  test('are those of years, if somebody wants them', async () => {
    await using scene = await setScene()
    const from = `from=${new Date(Date.now() - TEN_YEARS_MS).toISOString().slice(0, 10)}`
    for (const path of ['/admin/usage/summary', '/admin/usage/report'])
      expect((await scene.get(path, from)).body).toMatchObject({ total: { requests: 4 } })
  })
})
