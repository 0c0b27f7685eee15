import { describe, expect, test } from 'bun:test'
import { gates } from '../../support/fake-ollama/gate.ts'
import { chatRecords } from '../../support/fake-ollama/records.ts'
import { stream } from '../../support/fake-ollama/script.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, type Sending, type Stage, setStage } from '../../support/gateway/stage.ts'
import { PASSWORD } from '../../support/logins.ts'

const ORIGIN = 'https://chat.example.com'
const OTHER = 'https://evil.example'
const EXPOSED =
  'x-request-id,retry-after,retry-after-ms,ratelimit,ratelimit-policy,deprecation,sunset,link,location'

const DATA = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}
const PAGE = {
  ...DATA,
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'x-dns-prefetch-control': 'off',
  'x-permitted-cross-domain-policies': 'none',
}
/** What differs from one answer to the next, or says what the body is. */
const OWN = ['content-length', 'content-type', 'date', 'transfer-encoding', 'x-request-id']

/** The headers of an answer that all answers of its kind should have; it has been read then. */
async function headersOf(response: Response): Promise<Record<string, string>> {
  await response.text()
  expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{1,64}$/)
  return Object.fromEntries([...response.headers].filter(([name]) => !OWN.includes(name)))
}

/** What an answer says about other origins. */
const crossOriginOf = async (response: Response): Promise<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(await headersOf(response)).filter(
      ([name]) => name.startsWith('access-control-') || name === 'vary',
    ),
  )

/** An answer of each kind: streamed, of the own API, errors of both, and what anybody may read. */
const everyKind = (stage: Stage, sending: Sending): Promise<Response>[] => [
  stage.post('/ollama/api/chat', CHAT, sending),
  stage.get('/ollama/api/tags', sending),
  stage.get('/ollama/api/tags', { ...sending, as: null }),
  stage.get('/me', sending),
  stage.get('/me', { ...sending, as: null }),
  stage.post('/auth/login', { username: 'nobody', password: PASSWORD }, sending),
  stage.get('/nothing', sending),
  stage.get('/openapi.json', sending),
  stage.get('/livez', sending),
]

const preflight = (stage: Stage, path: string, origin: string): Promise<Response> =>
  stage.get(path, {
    as: null,
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  })

const PATHS = ['/ollama/api/chat', '/admin/users']

describe('every answer', () => {
  test('of a gateway, of the own API and of what is wrong tells browsers that it is only data', async () => {
    await using stage = await setStage()
    const STORED = { ...DATA, 'cache-control': 'no-store' }
    const stream = await headersOf(await stage.post('/ollama/api/chat', CHAT))
    const unbuffered = { 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' }
    expect(stream).toEqual({ ...DATA, ...unbuffered })
    const paths = [
      '/ollama/api/tags',
      '/me',
      '/openapi.json',
      '/livez',
      '/nothing',
      '/me/keys/none',
    ]
    for (const path of paths) {
      expect([path, await headersOf(await stage.get(path))]).toEqual([path, STORED])
    }
    for (const path of ['/ollama/api/tags', '/me', '/admin/users']) {
      const refused = await headersOf(await stage.get(path, { as: null }))
      expect(refused).toEqual({ ...STORED, 'www-authenticate': 'Bearer realm="parallama"' })
    }
    const keys = await headersOf(await stage.get('/.well-known/jwks.json'))
    expect(keys).toEqual({ ...DATA, 'cache-control': 'public, max-age=300' })
  })

  test('of a page lets it load nothing from elsewhere, be framed by nobody and run no inline script', async () => {
    await using stage = await setStage()
    expect(await headersOf(await stage.get('/docs', { as: null }))).toEqual({
      ...PAGE,
      'cache-control': 'no-store',
    })
    for (const path of ['/docs/start.js', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js']) {
      const asset = await stage.get(path, { as: null })
      expect(asset.status).toBe(200)
      expect(await headersOf(asset)).toEqual({ ...PAGE, 'cache-control': 'public, max-age=3600' })
    }
    const page = await (await stage.get('/docs', { as: null })).text()
    expect(page).not.toMatch(/<script>|\son\w+=|https?:/)
  })
})

describe('pages of other origins', () => {
  test('may read nothing unless some are listed: no answer says a word about them', async () => {
    await using stage = await setStage()
    const headers = { origin: ORIGIN }
    for (const answer of await Promise.all(everyKind(stage, { headers }))) {
      expect(await crossOriginOf(answer)).toEqual({})
    }
    for (const path of PATHS) {
      const answer = await preflight(stage, path, ORIGIN)
      expect(answer.status).toBe(405)
      expect(answer.headers.get('allow')).toInclude('POST')
      expect(await crossOriginOf(answer)).toEqual({})
    }
  })

  test('that are listed are named and may send cookies; the others are told nothing', async () => {
    await using stage = await setStage({
      settings: { corsOrigins: ['https://other.example.com', ORIGIN] },
    })
    const allowed = {
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': EXPOSED,
      vary: 'Origin',
    }
    for (const answer of await Promise.all(everyKind(stage, { headers: { origin: ORIGIN } }))) {
      expect([answer.url, await crossOriginOf(answer)]).toEqual([answer.url, allowed])
    }
    const others = [OTHER, 'null', `${ORIGIN}.evil.example`, ORIGIN.toUpperCase(), `${ORIGIN}:8443`]
    for (const headers of [...others.map((origin) => ({ origin })), {}]) {
      for (const answer of await Promise.all(everyKind(stage, { headers }))) {
        expect([answer.url, await crossOriginOf(answer)]).toEqual([answer.url, { vary: 'Origin' }])
      }
    }
    for (const path of PATHS) {
      const answer = await preflight(stage, path, ORIGIN)
      expect(answer.status).toBe(204)
      expect(await crossOriginOf(answer)).toEqual({
        ...allowed,
        'access-control-allow-headers': 'authorization,content-type',
        'access-control-allow-methods': 'GET,HEAD,POST,PUT,PATCH,DELETE',
        'access-control-max-age': '600',
        vary: 'Origin, Access-Control-Request-Headers',
      })
      const refused = await preflight(stage, path, OTHER)
      expect([refused.status, await crossOriginOf(refused)]).toEqual([405, { vary: 'Origin' }])
    }
  })

  test('that are listed get a stream record by record, each before Ollama made the next', async () => {
    await using stage = await setStage({ settings: { corsOrigins: [ORIGIN] } })
    const records = chatRecords(MODEL, ['one', 'two'])
    const held = gates(records.length)
    stage.ollama.once('/api/chat', stream(records, { gates: held.map(({ passed }) => passed) }))
    held[0]?.open()
    const response = await stage.post('/ollama/api/chat', CHAT, { headers: { origin: ORIGIN } })
    const reader = readRecords(response)
    for (const [i] of records.entries()) {
      expect(await reader.next()).toHaveProperty('model', MODEL)
      held[i + 1]?.open()
    }
    expect(await reader.next()).toBeNull()
  })

  test('may all read with a star, and never send cookies', async () => {
    await using stage = await setStage({ settings: { corsOrigins: ['*'] } })
    const open = {
      'access-control-allow-origin': '*',
      'access-control-expose-headers': EXPOSED,
    }
    for (const answer of await Promise.all(everyKind(stage, { headers: { origin: OTHER } }))) {
      expect([answer.url, await crossOriginOf(answer)]).toEqual([answer.url, open])
    }
    for (const path of PATHS) {
      const answer = await preflight(stage, path, OTHER)
      expect(answer.status).toBe(204)
      const headers = await crossOriginOf(answer)
      expect(headers).toMatchObject({ 'access-control-allow-origin': '*' })
      expect(headers).not.toHaveProperty('access-control-allow-credentials')
    }
  })
})
