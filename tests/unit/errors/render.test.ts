import { describe, expect, test } from 'bun:test'
import { anthropicDialect } from '../../../app/errors/anthropic.ts'
import { CODES, type ErrorCode } from '../../../app/errors/codes.ts'
import {
  type Details,
  GatewayError,
  methodNotAllowed,
  toGatewayError,
} from '../../../app/errors/gateway-error.ts'
import { ollamaDialect } from '../../../app/errors/ollama.ts'
import { openAiDialect } from '../../../app/errors/openai.ts'
import { problemDialect } from '../../../app/errors/problem.ts'
import { renderError } from '../../../app/errors/render.ts'

const ID = 'req-1'
const CAUSE = new Error('SELECT digest FROM api_keys at /var/lib/parallama')
type Body = Record<string, unknown>

const codes = Object.keys(CODES) as ErrorCode[]

test('the native dialect is one line of JSON that says what is wrong', async () => {
  const err = new GatewayError('model_not_found', "model 'x' not found")
  const response = renderError(err, ollamaDialect, ID)
  expect(response.status).toBe(404)
  expect(response.headers.get('content-type')).toBe('application/json')
  const text = await response.text()
  expect(text).not.toContain('\n')
  expect(JSON.parse(text)).toEqual({
    error: "model 'x' not found",
    code: 'model_not_found',
    status: 404,
    request_id: ID,
  })
})

test('our own API answers with problem details (RFC 9457)', async () => {
  const response = renderError(
    new GatewayError('conflict', 'there is one already'),
    problemDialect,
    ID,
  )
  expect(response.status).toBe(409)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toEqual({
    type: 'about:blank',
    title: 'Conflict with what exists',
    status: 409,
    detail: 'there is one already',
    code: 'conflict',
    request_id: ID,
  })
})

test('a limit that was reached is a problem of the registered type', async () => {
  const err = new GatewayError('limit_reached', 'come back later', {
    details: { limit: { unit: 'tokens' } },
    problemDetails: { 'violated-policies': ['tokens-per-hour'] },
  })
  expect(await renderError(err, problemDialect, ID).json()).toEqual({
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
    title: 'Limit reached',
    status: 429,
    detail: 'come back later',
    code: 'limit_reached',
    request_id: ID,
    'violated-policies': ['tokens-per-hour'],
    limit: { unit: 'tokens' },
  })
  expect(await renderError(err, ollamaDialect, ID).json()).toEqual({
    error: 'come back later',
    code: 'limit_reached',
    status: 429,
    request_id: ID,
    limit: { unit: 'tokens' },
  })
})

/** The members that every error has, wherever a dialect puts them. */
const DIALECTS = [
  ['ollama', ollamaDialect, (body: Body) => body],
  ['problem', problemDialect, (body: Body) => body],
  ['openai', openAiDialect, (body: Body) => body.error as Body],
  ['anthropic', anthropicDialect, (body: Body) => body.error as Body],
] as const

describe.each(DIALECTS)('in the dialect %s', (_, dialect, membersOf) => {
  test('every code has its status, is not cached, is not sniffed, and names the request', async () => {
    for (const code of codes) {
      const response = renderError(new GatewayError(code, 'text'), dialect, ID)
      const { headers } = response
      expect([code, response.status]).toEqual([code, CODES[code].status])
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-request-id')).toBe(ID)
      expect(Object.keys(membersOf((await response.json()) as Body))).toContain('code')
    }
  })

  test('what was not foreseen gets a fixed text, and its cause stays inside', async () => {
    const thrown = [CAUSE, 'SELECT digest', { digest: 1 }, null, undefined, 42]
    const answers = await Promise.all(
      thrown.map((err) => renderError(toGatewayError(err), dialect, ID).text()),
    )
    for (const answer of answers) {
      expect(answer).toBe(answers[0] ?? '')
      expect(answer).not.toMatch(/digest|SELECT|lib|Error/)
    }
    expect(membersOf(JSON.parse(answers[0] ?? ''))).toMatchObject({ code: 'internal' })
  })

  test('the cause of a foreseen error stays inside as well', async () => {
    const err = new GatewayError('database_unavailable', 'try again', { cause: CAUSE })
    expect(await renderError(err, dialect, ID).text()).not.toMatch(/digest|SELECT|lib/)
  })

  test('headers of the refusal are sent, and cannot take the place of ours', () => {
    const headers = { 'retry-after': '5', 'cache-control': 'public', 'content-type': 'text/html' }
    const response = renderError(new GatewayError('busy', 'later', { headers }), dialect, ID)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-type')).toContain('json')
  })

  test('details are added, and cannot take the place of what every error has', async () => {
    const body = async (details: Details): Promise<Body> => {
      const err = new GatewayError('busy', 'later', { details, problemDetails: details })
      return membersOf((await renderError(err, dialect, ID).json()) as Body)
    }
    const plain = await body({})
    const hostile = Object.fromEntries(Object.keys(plain).map((name) => [name, 'other']))
    expect(await body({ ...hostile, more: 1 })).toEqual({ ...plain, more: 1 })
  })

  test('text that a caller chose cannot break out of the JSON', async () => {
    const text = `"}\r\n\u2028{"x":1}\u0000\u001b[2J</script>\ud800`
    const body = await renderError(new GatewayError('bad_request', text), dialect, ID).text()
    expect(body).not.toContain('\n')
    expect(Object.values(membersOf(JSON.parse(body)))).toContain(text.replace('\ud800', '\ud800'))
  })
})

test('an upstream status that is passed on takes the place of the status of the code', () => {
  const err = new GatewayError('bad_request', 'text', { status: 413 })
  expect(renderError(err, ollamaDialect, ID).status).toBe(413)
})

test('an error that is one already is not wrapped again', () => {
  const err = new GatewayError('forbidden', 'no')
  expect(toGatewayError(err)).toBe(err)
  expect(toGatewayError(CAUSE).cause).toBe(CAUSE)
})

test('a refused method names those that work, in the text and in Allow', () => {
  const err = methodNotAllowed('PUT', ['GET', 'HEAD'])
  expect(err.message).toBe('PUT is not used here; use GET, HEAD')
  expect(renderError(err, ollamaDialect, ID).headers.get('allow')).toBe('GET, HEAD')
  expect(err.status).toBe(405)
})

test('every code is told apart by its title, and its status is an error', () => {
  const titles = codes.map((code) => CODES[code].title)
  expect(new Set(titles).size).toBe(titles.length)
  for (const code of codes) {
    expect(CODES[code].status).toBeGreaterThanOrEqual(400)
    expect(CODES[code].status).toBeLessThan(600)
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
  }
})
