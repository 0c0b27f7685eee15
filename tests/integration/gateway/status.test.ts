import { afterAll, describe, expect, test } from 'bun:test'
import { EventQueue } from '../../support/fake-ollama/event-queue.ts'
import { errorBefore, hang } from '../../support/fake-ollama/script.ts'
import { startFakeOllama } from '../../support/fake-ollama.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, setStage } from '../../support/gateway/stage.ts'
import { startGateway } from '../../support/gateway.ts'
import type { ControlledServer } from '../../support/servers/controlled.ts'
import { freshDatabase, ownPostgres } from '../../support/servers.ts'

/** How soon somebody who asks has an answer, whatever has happened to the database, in ms. */
const ANSWERED_WITHIN_MS = 5000

interface Status {
  readonly gateways: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly backends: unknown
}

const ask = (url: string, as?: TestUser): Promise<Response> =>
  fetch(`${url}/status`, {
    headers: as ? { authorization: `Bearer ${as.key}` } : {},
    signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
  })

const statusAt = async (url: string, as?: TestUser): Promise<Status> => {
  const response = await ask(url, as)
  expect(response.status).toBe(200)
  return (await response.json()) as Status
}

const nameOf = ({ port }: { readonly port: number }): string => `127.0.0.1:${port}`
const postgres = await freshDatabase()
afterAll(async () => 'skip' in postgres || (await postgres.drop()))

describe.each(['SQLite', 'PostgreSQL'])('with %s, /status', (kind) => {
  test.skipIf(kind === 'PostgreSQL' && 'skip' in postgres)(
    'tells what went through all replicas in the last minute',
    async () => {
      const database = kind === 'PostgreSQL' && 'url' in postgres ? postgres : undefined
      await using stage = await setStage({ ...(database && { database }) })
      const { gateway, ollama } = stage
      await using replica = await startGateway({ ollama, database: { url: gateway.databaseUrl } })
      const as = await gateway.administrator()
      const body = { ...CHAT, stream: false }
      const failure = errorBefore(500, 'out of memory')
      await (await stage.post('/ollama/api/chat', CHAT, { as })).text()
      ollama.once('/api/chat', failure)
      expect((await stage.post('/ollama/api/chat', body, { as })).status).toBe(500)
      expect((await stage.post('/openai/v1/chat/completions', body, { as })).status).toBe(200)
      await gateway.accounted(3)

      const rows = await gateway.usageOf(as)
      const firstTokens = rows.flatMap(({ first_token_ms }) => first_token_ms ?? [])
      expect(firstTokens).toHaveLength(1)
      const { gateways, backends } = await statusAt(replica.url)
      expect(gateways).toEqual({
        ollama: {
          status: 'active',
          latency_ms: firstTokens[0],
          requests_per_second: 0.033,
          error_rate: 0.5,
          requests: 2,
          seconds: 60,
        },
        openai: {
          status: 'active',
          latency_ms: expect.any(Number),
          requests_per_second: 0.017,
          error_rate: 0,
          requests: 1,
          seconds: 60,
        },
        anthropic: {
          status: 'active',
          latency_ms: null,
          requests_per_second: 0,
          error_rate: 0,
          requests: 0,
          seconds: 60,
        },
      })
      expect(backends).toEqual({ up: 1, total: 1 })
    },
  )
})

describe('of two hosts, one of which is down, /status', () => {
  test('tells strangers and users how many are up, and administrators which, and what each is doing', async () => {
    const hosts = [
      await startFakeOllama({ models: ['one', 'two'], version: '0.32.15' }),
      await startFakeOllama(),
    ] as const
    await hosts[1].stop()
    await using gateway = await startGateway({ ollama: hosts })
    const admin = await gateway.administrator()
    for (const as of [undefined, await gateway.user()]) {
      const { backends, gateways } = await statusAt(gateway.url, as)
      expect(backends).toEqual({ up: 1, total: 2 })
      expect(gateways.ollama?.status).toBe('active')
    }

    const arrived = new EventQueue<void>()
    hosts[0].on('/api/chat', [() => arrived.push(), hang()])
    const leaving = new AbortController()
    const chat = fetch(`${gateway.url}/ollama/api/chat`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.key}` },
      body: JSON.stringify({ ...CHAT, model: 'one' }),
      signal: leaving.signal,
    })
    await arrived.next()
    const { backends } = await statusAt(gateway.url, admin)
    leaving.abort()
    await chat.catch(() => {})
    expect(backends).toEqual([
      {
        name: nameOf(hosts[0]),
        status: 'up',
        version: '0.32.15',
        models: 2,
        latency_ms: expect.any(Number),
        in_flight: 1,
      },
      {
        name: nameOf(hosts[1]),
        status: 'down',
        version: null,
        models: null,
        latency_ms: null,
        in_flight: 0,
      },
    ])
    await gateway.accounted(1)
    await hosts[0].stop()
  })

  test('tells that nothing is available when both are', async () => {
    const host = await startFakeOllama()
    await host.stop()
    await using gateway = await startGateway({ ollama: [host, host] })
    const { gateways, backends } = await statusAt(gateway.url)
    expect(Object.values(gateways).map(({ status }) => status)).toEqual(
      Array(3).fill('unavailable'),
    )
    expect(backends).toEqual({ up: 0, total: 2 })
  })
})

const server = await ownPostgres()

describe.skipIf('skip' in server)('while PostgreSQL is away, /status', () => {
  const database = server as ControlledServer
  afterAll(() => database.dispose())

  test('is a 503 that says when to come back, and the numbers again when it is back', async () => {
    await using stage = await setStage({ database })
    const { url } = stage.gateway
    await statusAt(url)
    await database.stop('crash')
    let response = await ask(url)
    // What was found a moment ago is told for a second.
    while (response.status === 200) response = await ask(url)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'database_unavailable' })
    await database.start()
    while ((await ask(url)).status !== 200) await Bun.sleep(50)
  })
})
