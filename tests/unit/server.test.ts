import { describe, expect, test } from 'bun:test'
import { anthropicDialect } from '../../app/errors/anthropic.ts'
import { ollamaDialect } from '../../app/errors/ollama.ts'
import { openAiDialect } from '../../app/errors/openai.ts'
import { GATEWAYS } from '../../app/gateways/registry.ts'
import { expectRefusal } from '../support/gateway/refusal.ts'
import { outcome } from './support/app.ts'
import { principal } from './support/principal.ts'
import { createTestServer, GOOD } from './support/test-server.ts'

const NOBODY = {}
const filledIn = (path: string): string =>
  path.replace(':digest', 'sha256:0').replace(':id{.+}', 'x').replace(':id{resp_[^/]+}', 'resp_x')

const everyRoute = GATEWAYS.flatMap(({ basePath, operations }) =>
  operations.flatMap(({ method, paths }) =>
    paths.map((path) => [method, basePath + filledIn(path)] as const),
  ),
)

describe('every route of every gateway', () => {
  test.each(everyRoute)('%s %s is closed to strangers', async (method, path) => {
    const send = createTestServer()
    for (const headers of [NOBODY, { 'x-api-key': 'bad' }, { cookie: `key=${GOOD}` }]) {
      const response = await send(method, path, headers)
      expect([path, response.status]).toEqual([path, 401])
      expect(response.headers.get('www-authenticate')).toStartWith('Bearer realm="parallama"')
    }
  })

  test.each(everyRoute)('%s %s is closed to who has no permission', async (method, path) => {
    const send = createTestServer({ who: principal({ permissions: new Set() }) })
    expect((await send(method, path)).status).toBe(403)
  })

  test.each(everyRoute)('%s %s has no other methods', async (_, path) => {
    const known = everyRoute.filter(([, other]) => other === path).map(([method]) => method)
    const working = new Set<string>(known.includes('GET') ? [...known, 'HEAD'] : known)
    const send = createTestServer()
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((m) => !working.has(m))) {
      const response = await send(method, path)
      expect([method, path, response.status]).toEqual([method, path, 405])
      const allowed = response.headers.get('allow')?.split(', ')
      expect(new Set(allowed)).toEqual(working)
    }
  })

  test.each(everyRoute)(
    '%s %s does what its method says, not what a header says',
    async (_, path) => {
      const override = { 'x-http-method-override': 'DELETE', authorization: `Bearer ${GOOD}` }
      expect((await createTestServer()('PATCH', path, override)).status).toBe(405)
    },
  )

  test('managing models takes models:manage', async () => {
    const send = createTestServer()
    const managing = ['pull', 'push', 'create', 'copy', 'blobs/sha256:0'].map(
      (name) => `/ollama/api/${name}`,
    )
    for (const path of managing)
      expect([path, (await send('POST', path)).status]).toEqual([path, 403])
    expect((await send('DELETE', '/ollama/api/delete')).status).toBe(403)
  })
})

test('what a gateway does not have is told in its dialect', async () => {
  const send = createTestServer()
  for (const [path, dialect] of [
    ['/openai/v1/files', openAiDialect],
    ['/openai', openAiDialect],
    ['/anthropic/v1/batches', anthropicDialect],
    ['/ollama/api/nothing', ollamaDialect],
  ] as const) {
    const response = await send('POST', path)
    const { status, headers } = response
    expectRefusal({ status, headers, body: await response.text() }, dialect, 'not_found')
  }
})

describe('what is not listed does not exist', () => {
  test.each([
    ...['/ollama/api/me', '/ollama/api/signout', '/ollama/api/user/keys/x', '/ollama/api/status'],
    ...['/ollama/api/experimental/web_search', '/ollama/api/experimental/web_fetch'],
    ...['/ollama/v1/rerank', '/ollama/api', '/ollama/x', '/ollamax/api/chat'],
    ...[
      '/api/chat',
      '/v1/chat',
      '/admin/x',
      '/Ollama/api/chat',
      '/ollama/API/chat',
      '/k/x/api/chat',
    ],
    ...['/ollama%2fapi/chat', '/ollama/%61pi/chat', '/ollama;x/api/chat', '/ollama/api/chat%00'],
    ...['/ollama/api/chat/x', '/x/..;/ollama/api/chat', '/favicon.ico', '/.env'],
  ])('%s', async (path) => {
    const send = createTestServer()
    for (const headers of [{ authorization: `Bearer ${GOOD}` }, NOBODY]) {
      expect([path, ...(await outcome(send('POST', path, headers, '{}')))]).toEqual([
        path,
        404,
        'not_found',
      ])
    }
  })

  test.each(['//ollama/api/tags', '/ollama//api/tags', '/ollama/api/tags/', '/ollama/api/tags?x'])(
    'but %s is another spelling of a route, with the same guard',
    async (path) => {
      const send = createTestServer()
      expect((await send('GET', path, NOBODY)).status).toBe(401)
      expect((await send('GET', path)).status).toBe(200)
    },
  )
})

describe('errors are told in the dialect of the route', () => {
  test.each([
    ['/ollama/api/nothing', 'application/json'],
    ['/ollama/api/chat', 'application/json'],
    ['/nothing', 'application/problem+json'],
    ['/ollamax', 'application/problem+json'],
    ['/api/nothing', 'application/problem+json'],
  ])('%s: %s', async (path, type) => {
    const response = await createTestServer()('PUT', path)
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('x-request-id')).toBe('id-1')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test('a failure that nobody foresaw tells nothing of itself', async () => {
    const verifier = { verify: async () => principal() }
    const ledgerHasRoom = () => {
      throw new Error('hunter2 at /var/lib')
    }
    const response = await createTestServer({ verifier, ledgerHasRoom })('GET', '/ollama/api/tags')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toMatch(/hunter2|var/)
  })
})

test('a request with a malformed host reaches no route', async () => {
  let verified = 0
  const verifier = {
    async verify() {
      verified++
      return principal()
    },
  }
  const send = createTestServer({ verifier })
  for (const host of ['a b', 'h#f', 'h/x?', '<>', '/', 'other', '']) {
    const response = await send('GET', '/ollama/api/tags', { host, 'x-api-key': GOOD })
    expect([host, response.status]).toEqual([host, 400])
    expect(response.headers.get('x-request-id')).toStartWith('id-')
  }
  expect(verified).toBe(0)
})

describe('at the root', () => {
  test('there is nothing of Ollama unless that is switched on', async () => {
    const closed = createTestServer()
    const open = createTestServer({ rootAliases: true })
    for (const path of ['/api/tags', '/v1/models']) {
      expect([path, (await closed('GET', path)).status]).toEqual([path, 404])
      expect([path, (await open('GET', path)).status]).toEqual([path, 200])
      expect([path, (await open('GET', path, NOBODY)).status]).toEqual([path, 401])
    }
    expect(await (await open('GET', '/')).text()).toBe('Ollama is running')
    const unknown = await open('GET', '/api/nothing')
    expect(unknown.headers.get('content-type')).toBe('application/json')
  })

  test.each(['/ollama', '/ollama/'])(
    'clients that look whether Ollama runs find that it does: %s',
    async (path) => {
      const send = createTestServer()
      expect(await (await send('GET', path, NOBODY)).text()).toBe('Ollama is running')
      expect((await send('HEAD', path, NOBODY)).status).toBe(200)
    },
  )
})

describe('health', () => {
  test.each([
    ['/livez', {}, 200],
    ['/livez', { databaseAnswers: () => false }, 200],
    ['/readyz', {}, 200],
    ['/readyz', { databaseAnswers: () => false }, 503],
    ['/readyz', { isDraining: () => true }, 503],
  ])('%s with %o is %d, for anybody', async (path, needs, status) => {
    expect((await createTestServer(needs)('GET', path, NOBODY)).status).toBe(status)
  })
})
