import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { rawExchange, rawRequest } from '../../support/gateway/raw-http.ts'
import { setStage } from '../../support/gateway/stage.ts'

const stage = await setStage({ settings: { rootAliases: true } })
const { gateway, user } = stage
const own = `127.0.0.1:${gateway.port}`
afterAll(() => stage[Symbol.asyncDispose]())

const ask = async (
  requestLine: string,
  hosts: readonly string[],
  key: string | null = user.key,
) => {
  const before = gateway.log.length
  const answer = await rawExchange(
    gateway.port,
    rawRequest([
      `${requestLine} HTTP/1.1`,
      ...hosts.map((host) => `Host: ${host}`),
      ...(key === null ? [] : [`Authorization: Bearer ${key}`]),
    ]),
  )
  answer.end()
  // Lines about requests that were routed tell the path.
  const routed = gateway.log.slice(before).filter(({ fields }) => 'path' in fields)
  return { ...answer, routed }
}

const HOSTS: readonly [string, readonly string[]][] = [
  ['with a space', ['a b']],
  ['with a fragment', ['h#f']],
  ['with a path and a query', ['h/x?']],
  ['in angle brackets', ['<>']],
  ['that is a slash', ['/']],
  ['that is a question mark', ['?']],
  ['that is empty', ['']],
  ['given twice', [own, own]],
  ['given twice and different', [own, 'other']],
  ['with a port beyond all ports', ['h:99999']],
  ['with a port that is no number', ['h:80x']],
  ['with half a bracket', ['[::1']],
  ['with a user', ['user@h']],
  ['with a percent sign', ['h%2f']],
  ['with a backslash', ['h\\x']],
  ['with a comma', ['a,b']],
  ['with a control character', ['a\tb']],
  ['with a letter beyond ASCII', ['h\xe9']],
  ['that is missing', []],
]

describe('a Host header', () => {
  afterEach(() => {
    expect(stage.asked()).toEqual([])
  })

  test.each(HOSTS)('%s is refused before any route, with a key and without', async (_, hosts) => {
    const targets = ['GET /ollama/api/tags', 'GET /api/tags', 'DELETE /ollama/api/delete', 'GET /']
    for (const target of targets) {
      for (const key of [user.key, null]) {
        const { status, routed, body } = await ask(target, hosts, key)
        expect([target, status]).toEqual([target, 400])
        expect(routed).toEqual([])
        if (body === '') continue
        expect(JSON.parse(body)).toEqual({
          error: expect.any(String),
          code: 'bad_host',
          status: 400,
          request_id: expect.any(String),
        })
      }
    }
  })
})

test.each([
  'localhost',
  'LOCALHOST:8000',
  '[::1]:8000',
  '[::1]',
  'gpu-1.example.org',
  'a_b.c:80',
  own,
])('the Host %p is fine', async (host) => {
  const { status } = await ask('GET /ollama/api/version', [host])
  expect(status).toBe(200)
})

describe('a request target', () => {
  test.each([
    ['of another scheme', `GET ftp://${own}/ollama/api/tags`],
    ['that is only a name', 'GET ollama/api/tags'],
    ['that is a star', 'OPTIONS *'],
    ['that is empty', 'GET '],
    ['with a space', 'GET /ollama/api/ tags'],
    ['with a raw control character', 'GET /ollama/api/tags\x01'],
  ])('%s is not served', async (_, requestLine) => {
    const { status } = await ask(requestLine, [own])
    expect(status).toBeOneOf([400, 404, 405, 505])
  })

  // The server keeps the path alone and puts the Host header before it: nothing else is ever seen.
  test.each([
    ['in absolute form', `GET http://${own}/ollama/api/version`],
    ['in absolute form with another host', 'GET http://elsewhere.example/ollama/api/version'],
    ['in absolute form with a user', `GET http://user@${own}/ollama/api/version`],
    ['with a fragment', 'GET /ollama/api/version#fragment'],
  ])('%s is its path, for friend and stranger', async (_, requestLine) => {
    expect((await ask(requestLine, [own])).status).toBe(200)
    expect((await ask(requestLine, [own], null)).status).toBe(401)
  })
})
