import { createCursors } from '../../../app/api/cursor.ts'
import type { Principal } from '../../../app/domain/grant.ts'
import { createModelAliases } from '../../../app/domain/model-aliases.ts'
import { GATEWAYS } from '../../../app/gateways/registry.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { silentLog } from '../../../app/log.ts'
import { createServer, type ServerNeeds } from '../../../app/server.ts'
import { createBackend } from '../../../app/upstream/backend.ts'
import type { BackendPool } from '../../../app/upstream/pool.ts'
import { SOCKET } from './app.ts'
import { createClock } from './clock.ts'
import { principal } from './principal.ts'

/** The one credential that is good here. */
export const GOOD = 'good-key'

const backend = createBackend('http://gpu-1:11434')

const pool: BackendPool = {
  backends: [backend],
  locate: async () => null,
  installed: async () => [],
  send: async () => ({ backend, response: Response.json({}) }),
  ask: async () => [],
  release() {},
  changed() {},
}

/** What a server needs, of a world in which nothing is installed. */
export function testNeeds(change: Partial<ServerNeeds> & { who?: Principal } = {}): ServerNeeds {
  const { who = principal(), ...needs } = change
  let ids = 0
  return {
    log: silentLog,
    clock: createClock(),
    newId: () => `id-${++ids}`,
    shield: { attempt: (_address, _isKnown, authenticate) => authenticate() },
    clientAddress: () => null,
    knowsKey: () => false,
    corsOrigins: [],
    loginShield: { attempt: (_, login) => login() },
    refreshBudget: { attempt: (_, refresh) => refresh() },
    door: { attempt: (_, act) => act() },
    sessionIdOf: () => null,
    publishedKeys: async () => ({ keys: [] }),
    openApi: () => ({}),
    cursors: createCursors({ mac: () => '' }),
    idempotency: {
      find: async () => null,
      transact: () => () => Promise.reject(new Error('nothing is made in this test')),
    },
    recordRefusal: async () => {},
    services: () => {
      throw new Error('nothing is asked of the services in this test')
    },
    callerAddress: () => '192.0.2.7',
    onKeyUse: () => {},
    latestRevision: async () => null,
    catchUp: async () => {},
    lookForChanges: async () => {},
    isCurrent: () => true,
    reload: async (principal) => principal,
    verifier: { verify: async (key) => (key === GOOD ? who : null) },
    gateways: GATEWAYS,
    settingsOf: () => ({ enabled: true, aliases: createModelAliases([], null) }),
    recentActivity: async () => [],
    version: '1.2.3',
    pool,
    health: {
      check: async () => [
        { name: backend.name, status: 'up', version: '0.32.15', models: 0, latencyMs: 1 },
      ],
    },
    relay: { send: async () => Response.json({ relayed: true }) },
    locate: pool.locate,
    policyFor: () => ({
      trusted: true,
      maxPredictTokens: 100,
      maxContextTokens: 0,
      fields: new Set(),
    }),
    openTicket: (admission) => ({
      admission,
      isDeferred: false,
      defer() {},
      dispatched() {},
      records() {},
      settle: async () => {},
    }),
    limiter: createMemoryLimiter({ clock: createClock() }),
    answers: { defaultTokens: 64, maxTokens: 4096 },
    ledgerHasRoom: () => true,
    bodyLimits: { maxBytes: 4096, timeoutMs: 5000 },
    acceptsKeyInPath: false,
    rootAliases: false,
    isDraining: () => false,
    databaseAnswers: () => true,
    limiterMode: () => 'exact',
    metrics: { text: async () => 'a_metric 1\n' },
    ...needs,
  }
}

/** The whole URL space over that world. */
export function createTestServer(change: Partial<ServerNeeds> & { who?: Principal } = {}) {
  const handle = createServer(testNeeds(change))
  /** Sends a request as a client would; `headers` replace the good key. */
  return async (
    method: string,
    path: string,
    headers: Record<string, string> = { authorization: `Bearer ${GOOD}` },
    body?: string,
  ): Promise<Response> => {
    const init = { method, headers: { host: 'h', ...headers }, ...(body && { body }) }
    return await handle(new Request(`http://h${path}`, init), SOCKET)
  }
}
