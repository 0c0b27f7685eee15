import { describe, expect, test } from 'bun:test'
import { createModelAliases } from '../../../app/domain/model-aliases.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import type { ServerNeeds } from '../../../app/server.ts'
import type { GatewayMetrics } from '../../../app/services/gateway-metrics.ts'
import { createBackend } from '../../../app/upstream/backend.ts'
import type { BackendHealth } from '../../../app/upstream/health.ts'
import { principal } from '../support/principal.ts'
import { createTestServer, GOOD, testNeeds } from '../support/test-server.ts'

const NOBODY = {}
const KEY = { 'x-api-key': GOOD }

const UP: BackendHealth = {
  name: 'gpu-1:11434',
  status: 'up',
  version: '0.32.15',
  models: 3,
  latencyMs: 4,
}
const DOWN: BackendHealth = {
  name: 'gpu-2:11434',
  status: 'down',
  version: null,
  models: null,
  latencyMs: null,
}

const metrics = (gateway: string, change: Partial<GatewayMetrics> = {}): GatewayMetrics => ({
  gateway,
  minutes: 1,
  seconds: 60,
  requests: 0,
  failed: 0,
  requestsPerSecond: 0,
  promptTokens: 0,
  completionTokens: 0,
  meanFirstTokenMs: null,
  meanTotalMs: null,
  ...change,
})

const aliases = createModelAliases([], null)

/** A world with two hosts, one of which is down, and with some activity. */
function statusNeeds(change: Partial<ServerNeeds> = {}): Partial<ServerNeeds> {
  const busy = createBackend('http://gpu-1:11434')
  busy.inFlight = 2
  return {
    health: { check: async () => [UP, DOWN] },
    pool: { ...testNeeds().pool, backends: [busy, createBackend('http://gpu-2:11434')] },
    recentActivity: async () => [
      metrics('ollama', {
        requests: 120,
        failed: 8,
        requestsPerSecond: 2,
        meanFirstTokenMs: 250,
        meanTotalMs: 900,
      }),
      metrics('openai', { requests: 3, requestsPerSecond: 0.05, meanTotalMs: 80 }),
      metrics('anthropic'),
    ],
    settingsOf: (name) => ({ enabled: name !== 'anthropic', aliases }),
    ...change,
  }
}

async function statusOf(
  change: Parameters<typeof createTestServer>[0] = {},
  headers: Record<string, string> = NOBODY,
) {
  const response = await createTestServer({ ...statusNeeds(), ...change })(
    'GET',
    '/status',
    headers,
  )
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  return (await response.json()) as {
    readonly timestamp: string
    readonly gateways: Record<string, Record<string, unknown>>
    readonly backends: unknown
  }
}

describe('/status', () => {
  test('tells anybody how the gateways are, what went through them, and how many hosts are up', async () => {
    expect(await statusOf({ clock: { now: () => 1_800_000_000_000 } })).toEqual({
      timestamp: '2027-01-15T08:00:00.000Z',
      gateways: {
        ollama: {
          status: 'active',
          latency_ms: 250,
          requests_per_second: 2,
          error_rate: 0.067,
          requests: 120,
          seconds: 60,
        },
        openai: {
          status: 'active',
          latency_ms: 80,
          requests_per_second: 0.05,
          error_rate: 0,
          requests: 3,
          seconds: 60,
        },
        anthropic: {
          status: 'disabled',
          latency_ms: null,
          requests_per_second: 0,
          error_rate: 0,
          requests: 0,
          seconds: 60,
        },
      },
      backends: { up: 1, total: 2 },
    })
  })

  test('tells of gateways as unavailable when no host is up, but for those that are switched off', async () => {
    const { gateways, backends } = await statusOf({ health: { check: async () => [DOWN] } })
    const states = Object.values(gateways).map(({ status }) => status)
    expect(states).toEqual(['unavailable', 'unavailable', 'disabled'])
    expect(backends).toEqual({ up: 0, total: 1 })
  })

  test.each(['metrics:read', 'backends:manage'])(
    'shows the hosts one by one to %s',
    async (name) => {
      const who = principal({ permissions: new Set([name]) })
      expect((await statusOf({ who }, KEY)).backends).toEqual([
        {
          name: 'gpu-1:11434',
          status: 'up',
          version: '0.32.15',
          models: 3,
          latency_ms: 4,
          in_flight: 2,
        },
        {
          name: 'gpu-2:11434',
          status: 'down',
          version: null,
          models: null,
          latency_ms: null,
          in_flight: 0,
        },
      ])
    },
  )

  test('names no host to who has every permission but these', async () => {
    const others = [
      'gateway:ollama',
      'gateways:manage',
      'models:manage',
      'usage:read',
      'audit:read',
    ]
    const who = principal({ permissions: new Set(others) })
    expect((await statusOf({ who }, KEY)).backends).toEqual({ up: 1, total: 2 })
  })

  test('refuses a key that is not good, and asks nobody for the answer', async () => {
    let asked = 0
    const recentActivity = async () => {
      asked++
      return []
    }
    const send = createTestServer(statusNeeds({ recentActivity }))
    const response = await send('GET', '/status', { 'x-api-key': 'bad' })
    expect([response.status, asked]).toEqual([401, 0])
    expect(await response.json()).toMatchObject({ code: 'unauthorized' })
  })

  test.each<[string, Partial<ServerNeeds>]>([
    ['what went through the gateways', { recentActivity: () => unavailable() }],
    ['what is decided about them', { settingsOf: () => unavailable() }],
  ])('is a 503 that says when to come back while nobody can tell %s', async (_, change) => {
    const response = await createTestServer(statusNeeds(change))('GET', '/status', NOBODY)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'database_unavailable', status: 503 })
  })
})

const unavailable = (): Promise<never> =>
  Promise.reject(
    new GatewayError('database_unavailable', 'try again', { headers: { 'retry-after': '2' } }),
  )
