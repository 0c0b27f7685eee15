import { describe, expect, test } from 'bun:test'
import { outcome } from './support/app.ts'
import { chatRequest, createGuardedApp, GOOD } from './support/guarded-app.ts'
import { principal } from './support/principal.ts'
import { watchedRequest } from './support/watched-body.ts'

const URL = 'http://h/ollama/api/chat'
const POWERLESS = principal({ permissions: new Set() })
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
test('HEAD-only operations answer HEAD, not GET', async () => {
  const operation = { method: 'HEAD', body: null, model: null, work: null } as const
  const { send } = createGuardedApp({}, operation)
  expect((await send(chatRequest({ method: 'HEAD' }))).status).toBe(200)
  expect((await send(chatRequest({ method: 'GET' }))).status).toBe(405)
})
