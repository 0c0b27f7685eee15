import { z } from 'zod'
import { systemClock } from '../../../app/domain/clock.ts'
import type { Principal } from '../../../app/domain/grant.ts'
import { createModelAliases, type ModelAliases } from '../../../app/domain/model-aliases.ts'
import { ollamaDialect } from '../../../app/errors/ollama.ts'
import { type Guarded, type GuardNeeds, guarded } from '../../../app/guard.ts'
import type { Limiter } from '../../../app/limits/limiter.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { silentLog } from '../../../app/log.ts'
import { bodyOf } from '../../../app/middleware/body.ts'
import { createClientAddress } from '../../../app/middleware/client-address.ts'
import { createShield } from '../../../app/middleware/shield.ts'
import { createBackend } from '../../../app/upstream/backend.ts'
import type { Ending } from '../../../app/usage/ending.ts'
import type { Admission } from '../../../app/usage/meter.ts'
import { createTestApp, SOCKET } from './app.ts'
import { createClock } from './clock.ts'
import { principal } from './principal.ts'

/** The one credential that is good here. */
export const GOOD = 'good-key'

interface World {
  principal: Principal | null
  databaseIsDown: boolean
  ledgerHasRoom: boolean
  acceptsKeyInPath: boolean
  /** How often an address may fail to authenticate. */
  failures: number
  /** Keys that were good a moment ago. */
  known: readonly string[]
  installed: readonly string[]
  /** Those of the installed that only stand for a model elsewhere, though their name does not say so. */
  stubs: readonly string[]
  limiter: Limiter
  /** Whether the gateway is switched on, and what names stand for there. */
  enabled: boolean
  aliases: ModelAliases
}

const schema = z.object({ model: z.string() })
type Body = z.infer<typeof schema>

const CHAT: Guarded<Body> = {
  name: 'chat',
  method: 'POST',
  paths: ['/ollama/api/chat'],
  permissions: ['gateway:ollama'],
  body: bodyOf(schema),
  model: (body) => body.model,
  work: { promptBytes: (body) => body.model.length, predictTokens: () => null },
}

/** One guarded operation in a world where everything is in order, but for `change`. */
export function createGuardedApp(
  change: Partial<World> = {},
  operation: Partial<Guarded<Body>> = {},
) {
  const world: World = {
    principal: principal(),
    databaseIsDown: false,
    ledgerHasRoom: true,
    acceptsKeyInPath: false,
    failures: 60,
    known: [],
    installed: ['llama3:latest'],
    stubs: [],
    limiter: createMemoryLimiter({ clock: createClock() }),
    enabled: true,
    aliases: createModelAliases([], null),
    ...change,
  }
  let ids = 0
  const steps: string[] = []
  const state = {
    handler: async (): Promise<Response> => Response.json({ handled: true }),
    /** What happens between the look-up of the key and the admission. */
    onAdmission: () => {},
    /** What comes to light when the database is asked for changes. */
    onLook: () => {},
  }
  const accounts: { admission: Admission; endings: Ending[] }[] = []
  const needs: GuardNeeds = {
    acceptsKeyInPath: world.acceptsKeyInPath,
    shield: createShield({
      limit: world.failures,
      windowMs: 60_000,
      clock: systemClock,
      log: silentLog,
    }),
    clientAddress: createClientAddress([]),
    knowsKey: (key) => world.known.includes(key),
    callerAddress: () => '192.0.2.7',
    onKeyUse: () => {},
    latestRevision: async () => {
      state.onAdmission()
      return null
    },
    catchUp: async () => {},
    lookForChanges: async () => state.onLook(),
    isCurrent: () => true,
    reload: async (principal) => principal,
    verifier: {
      async verify(key) {
        steps.push('verify')
        if (world.databaseIsDown) throw new Error('connection refused')
        return key === GOOD ? world.principal : null
      },
    },
    async locate(model) {
      steps.push('locate')
      if (!world.installed.includes(model.canonical)) return null
      const entry = { name: model.canonical, model: '', modified_at: '', size: 0, digest: '' }
      const cloud = model.cloud || world.stubs.includes(model.canonical)
      return { model: { ...model, cloud, entry }, backends: [createBackend('http://gpu-1:11434')] }
    },
    limiter: world.limiter,
    settingsOf: () => ({ enabled: world.enabled, aliases: world.aliases }),
    newId: () => `id-${++ids}`,
    log: silentLog,
    answers: { defaultTokens: 64, maxTokens: 4096 },
    bodyLimits: { maxBytes: 4096, timeoutMs: 5000 },
    ledgerHasRoom: () => {
      steps.push('ledger')
      return world.ledgerHasRoom
    },
    openTicket(admission) {
      steps.push('admit')
      const endings: Ending[] = []
      accounts.push({ admission, endings })
      let isDeferred = false
      return {
        admission,
        get isDeferred() {
          return isDeferred
        },
        defer: () => {
          isDeferred = true
        },
        dispatched() {},
        records() {},
        settle: async (ending) => void endings.push(ending),
      }
    },
  }
  const app = createTestApp()
  guarded(
    app,
    needs,
    { name: 'ollama', dialect: ollamaDialect },
    { ...CHAT, ...operation },
    async (c) => {
      steps.push('handle')
      if (new URL(c.req.url).searchParams.has('defer')) c.get('ticket').defer()
      return await state.handler()
    },
  )
  return {
    steps,
    accounts,
    state,
    world,
    send: (request: Request): Promise<Response> =>
      Promise.resolve(app.request(request, undefined, SOCKET)),
  }
}

/** A well-formed request to the operation, but for `change`. */
export const chatRequest = ({
  path = '/ollama/api/chat',
  headers = { authorization: `Bearer ${GOOD}` } as Record<string, string>,
  body = '{"model":"llama3"}' as Bun.BodyInit,
  method = 'POST',
} = {}): Request =>
  new Request(`http://h${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
  })
