import { describe, expect, test } from 'bun:test'
import { createModelAliases } from '../../app/domain/model-aliases.ts'
import { outcome } from './support/app.ts'
import { chatRequest, createGuardedApp, GOOD } from './support/guarded-app.ts'
import { principal } from './support/principal.ts'
import { watchedRequest } from './support/watched-body.ts'

const URL = 'http://h/ollama/api/chat'
const POWERLESS = principal({ permissions: new Set() })
const NO_MODELS = principal({ models: [] })
const JSON_TYPE = { 'content-type': 'application/json' }

test('a request that is in order passes every step, in this order', async () => {
  const { send, steps } = createGuardedApp()
  expect((await send(chatRequest())).status).toBe(200)
  expect(steps).toEqual(['verify', 'locate', 'ledger', 'admit', 'handle'])
})

describe('no body is read for a stranger', () => {
  test.each<[string, Parameters<typeof createGuardedApp>[0], Record<string, string>, number]>([
    ['who brings no key', {}, {}, 401],
    ['whose key is not known', {}, { authorization: 'Bearer bad' }, 401],
    ['whose header holds no key', {}, { authorization: 'Basic eDp5' }, 401],
    ['who brings two keys', {}, { authorization: `Bearer ${GOOD}`, 'x-api-key': 'other' }, 400],
    ['who cannot be looked up', { databaseIsDown: true }, { 'x-api-key': GOOD }, 503],
    ['who may not use the gateway', { principal: POWERLESS }, { 'x-api-key': GOOD }, 403],
  ])('%s', async (_, world, headers, status) => {
    const { send, accounts } = createGuardedApp(world)
    const { request, reads } = watchedRequest(URL, { headers: { ...JSON_TYPE, ...headers } })
    expect((await send(request)).status).toBe(status)
    expect(reads()).toBe(0)
    expect(accounts).toEqual([])
  })

  test('or of a type that is not taken', async () => {
    const { send } = createGuardedApp()
    const headers = { authorization: `Bearer ${GOOD}`, 'content-type': 'text/plain' }
    const { request, reads } = watchedRequest(URL, { headers })
    expect((await send(request)).status).toBe(415)
    expect(reads()).toBe(0)
  })
})

describe('what is refused first is', () => {
  /** Everything that is wrong, in the order in which it must be told. */
  const WRONGS = [
    { world: { failures: 0 }, request: {}, expected: [429, 'too_many_failures'] },
    { world: {}, request: { headers: {} }, expected: [401, 'unauthorized'] },
    { world: { principal: POWERLESS }, request: {}, expected: [403, 'forbidden'] },
    { world: {}, request: { body: '{"model":5}' }, expected: [400, 'bad_request'] },
    { world: { installed: [] }, request: {}, expected: [404, 'model_not_found'] },
    { world: { ledgerHasRoom: false }, request: {}, expected: [503, 'ledger_unavailable'] },
  ]

  test.each(WRONGS.map((_, i) => i))(
    'number %d of the list, when all after it is wrong too',
    async (i) => {
      const wrongs = WRONGS.slice(i)
      const world = Object.assign({}, ...wrongs.toReversed().map((wrong) => wrong.world))
      const request = Object.assign({}, ...wrongs.toReversed().map((wrong) => wrong.request))
      const { send, steps } = createGuardedApp(world)
      expect(await outcome(send(chatRequest(request)))).toEqual(
        (WRONGS[i]?.expected ?? []) as [number, string],
      )
      expect(steps).not.toContain('handle')
    },
  )
})

describe('401', () => {
  test('is the same for every bad key, and says how to bring a good one', async () => {
    const { send } = createGuardedApp({ acceptsKeyInPath: true })
    const answers = await Promise.all(
      ['bad', 'plk_x', 'x'.repeat(5000)].map(async (key) => {
        const response = await send(chatRequest({ headers: { 'x-api-key': key } }))
        return [response.status, response.headers.get('www-authenticate'), await response.text()]
      }),
    )
    expect(new Set(answers.map((answer) => answer.join('\n'))).size).toBe(1)
    expect(answers[0]?.[1]).toBe('Bearer realm="parallama", error="invalid_token"')
  })

  test('without a key names no error (RFC 6750)', async () => {
    const response = await createGuardedApp().send(chatRequest({ headers: {} }))
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="parallama"')
  })
})

describe('a key in the path', () => {
  const path = `/ollama/k/${GOOD}/api/chat`

  test('counts only where it is switched on', async () => {
    const request = () => chatRequest({ path, headers: {} })
    expect((await createGuardedApp().send(request())).status).toBe(404)
    expect((await createGuardedApp({ acceptsKeyInPath: true }).send(request())).status).toBe(200)
  })

  test('does not go with another one in a header', async () => {
    const { send } = createGuardedApp({ acceptsKeyInPath: true })
    expect((await send(chatRequest({ path, headers: { 'x-api-key': 'other' } }))).status).toBe(400)
  })

  test('in the query string never counts', async () => {
    const { send } = createGuardedApp({ acceptsKeyInPath: true })
    const query = `/ollama/api/chat?api_key=${GOOD}&key=${GOOD}&x-api-key=${GOOD}`
    expect((await send(chatRequest({ path: query, headers: {} }))).status).toBe(401)
  })
})

test('403 names the permission that is missing', async () => {
  const { send } = createGuardedApp({}, { permissions: ['gateway:ollama', 'models:manage'] })
  const response = await send(chatRequest())
  expect(response.headers.get('www-authenticate')).toContain('insufficient_scope')
  expect(await response.text()).toContain('this takes the permission models:manage')
})

describe('a model', () => {
  const answer = async (world: Parameters<typeof createGuardedApp>[0], model: string) => {
    const { send, steps } = createGuardedApp(world)
    const response = await send(chatRequest({ body: JSON.stringify({ model }) }))
    return { text: await response.text(), status: response.status, steps }
  }

  test('that is forbidden is answered exactly as one that does not exist', async () => {
    const forbidden = await answer({ principal: NO_MODELS }, 'llama3')
    const missing = await answer({ installed: [] }, 'llama3')
    expect([forbidden.status, forbidden.text]).toEqual([404, missing.text])
    expect(JSON.parse(forbidden.text)).toMatchObject({ error: "model 'llama3' not found" })
  })

  test('that is forbidden is not even looked for', async () => {
    expect((await answer({ principal: NO_MODELS }, 'llama3')).steps).not.toContain('locate')
  })

  test.each(['x:cloud', 'x:120b-cloud', 'no name!', '../x', 'x:local:cloud'])(
    'that is in the cloud or has no possible name is not found: %j',
    async (model) => {
      expect((await answer({ installed: ['x:cloud', 'x:120b-cloud'] }, model)).status).toBe(404)
    },
  )

  test.each(['', ' '])(
    'that is not named is a bad request where there is no default: %j',
    async (model) => {
      expect((await answer({}, model)).status).toBe(400)
      const aliases = createModelAliases([], 'llama3')
      expect((await answer({ aliases }, model)).status).toBe(200)
    },
  )

  test('can be named by an alias, and is found as what it stands for', async () => {
    const aliases = createModelAliases([{ alias: 'gpt-4', model: 'llama3:latest' }], null)
    for (const model of ['gpt-4', ' GPT-4 ']) {
      const { send, accounts } = createGuardedApp({ aliases })
      expect((await send(chatRequest({ body: JSON.stringify({ model }) }))).status).toBe(200)
      expect(accounts[0]?.admission.model).toBe('llama3:latest')
    }
  })

  test('that is forbidden and one that is unknown are caught by the same pattern', async () => {
    const models = [(name: string) => name === 'llama3:latest']
    const who = principal({ models })
    const installed = ['llama3:latest', 'secret:latest']
    const any = createModelAliases([{ alias: '*', model: 'llama3:latest' }], null)
    const secret = createModelAliases([{ alias: 's*', model: 'secret:latest' }], null)
    for (const model of ['secret', 'stranger']) {
      const world = { principal: who, installed }
      expect((await answer({ ...world, aliases: any }, model)).status).toBe(200)
      expect((await answer({ ...world, aliases: secret }, model)).status).toBe(404)
    }
  })

  test('that is to be changed is named by its own name alone', async () => {
    const aliases = createModelAliases([{ alias: 'gpt-4', model: 'llama3:latest' }], 'llama3')
    const permissions = new Set(['gateway:ollama', 'models:manage'])
    const world = { aliases, principal: principal({ permissions }) }
    const managing = { permissions: ['gateway:ollama', 'models:manage'] as const }
    for (const [model, status] of [
      ['gpt-4', 404],
      ['', 400],
      ['llama3', 200],
    ] as const) {
      const { send } = createGuardedApp(world, managing)
      const response = await send(chatRequest({ body: JSON.stringify({ model }) }))
      expect([model, response.status]).toEqual([model, status])
    }
  })

  test('that runs in the cloud takes cloud:use, also when only its host knows where it runs', async () => {
    const permissions = new Set(['gateway:ollama', 'cloud:use'])
    const installed = ['x:cloud', 'stub:latest']
    const world = { installed, stubs: ['stub:latest'] }
    for (const model of ['X:Cloud', 'stub']) {
      expect((await answer(world, model)).status).toBe(404)
      const allowed = { ...world, principal: principal({ permissions }) }
      expect((await answer(allowed, model)).status).toBe(200)
    }
  })

  test('is accounted for by its canonical name, in whatever spelling it came', async () => {
    for (const model of ['llama3', 'LLAMA3:latest', ' library/llama3 ', 'llama3:local']) {
      const { send, accounts } = createGuardedApp()
      expect((await send(chatRequest({ body: JSON.stringify({ model }) }))).status).toBe(200)
      expect(accounts[0]?.admission.model).toBe('llama3:latest')
    }
  })
})

test('HEAD-only operations answer HEAD, not GET', async () => {
  const operation = { method: 'HEAD', body: null, model: null, work: null } as const
  const { send } = createGuardedApp({}, operation)
  expect((await send(chatRequest({ method: 'HEAD' }))).status).toBe(200)
  expect((await send(chatRequest({ method: 'GET' }))).status).toBe(405)
})

describe('a gateway that is switched off', () => {
  test('answers 503 to whom it would serve, and says not to try again', async () => {
    const { send, steps } = createGuardedApp({ enabled: false })
    const response = await send(chatRequest())
    expect(response.status).toBe(503)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(await response.json()).toMatchObject({ code: 'gateway_disabled' })
    expect(steps).toEqual(['verify'])
  })

  test('tells nobody else', async () => {
    const { send } = createGuardedApp({ enabled: false })
    expect((await send(chatRequest({ headers: {} }))).status).toBe(401)
    const lacking = createGuardedApp({
      enabled: false,
      principal: principal({ permissions: new Set() }),
    })
    expect((await lacking.send(chatRequest())).status).toBe(403)
  })

  test('lets nobody in who was let through before it was', async () => {
    const guarded = createGuardedApp()
    guarded.state.onAdmission = () => {
      guarded.world.enabled = false
    }
    const response = await guarded.send(chatRequest())
    expect([response.status, guarded.accounts]).toEqual([503, []])
  })
})
