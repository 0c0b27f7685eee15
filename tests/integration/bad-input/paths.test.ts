import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type RawAnswer, rawExchange, rawRequest } from '../../support/gateway/raw-http.ts'
import { MODEL, setStage } from '../../support/gateway/stage.ts'

const stage = await setStage({ settings: { rootAliases: true, keyInPath: true } })
const { gateway, ollama, user } = stage
afterAll(() => stage[Symbol.asyncDispose]())

/** Sends the target as it is: no client tidies it up on the way. */
async function send(method: string, target: string, key: string | null): Promise<RawAnswer> {
  const body = method === 'DELETE' ? JSON.stringify({ model: MODEL }) : ''
  const answer = await rawExchange(
    gateway.port,
    rawRequest(
      [
        `${method} ${target} HTTP/1.1`,
        `Host: 127.0.0.1:${gateway.port}`,
        ...(key === null ? [] : [`Authorization: Bearer ${key}`]),
        `Content-Length: ${body.length}`,
      ],
      body,
    ),
  )
  answer.end()
  return answer
}

const statusOf = async (...request: Parameters<typeof send>) => (await send(...request)).status

/** `P` stands for the rest of the path. */
const SPELLINGS = [
  '//ollama/api/P',
  '/ollama//api///P',
  '/ollama/api/P/',
  '/ollama/api/P//',
  '/Ollama/api/P',
  '/OLLAMA/API/P',
  '/ollama%2fapi/P',
  '/ollama/api%2fP',
  '/ollama%5capi/P',
  '/ollama;x/api/P',
  '/ollama/api;x=y/P',
  '/ollama/api/P;x',
  '/x/..;/ollama/api/P',
  '/ollama/api/P%00',
  '/ollama%00/api/P',
  '/%6fllama/api/P',
  '/ollama/%61pi/P',
  '/ollama/%2561pi/P',
  '/x/../ollama/api/P',
  '/x/%2e%2e/ollama/api/P',
  '/x/%252e%252e/ollama/api/P',
  '/./ollama/./api/P',
  '/ollama/v1/../api/P',
  '/ollama\\api\\P',
  '/ollama/api/P?x=/livez',
  '/ollama/api/P#/livez',
  '/livez/../ollama/api/P',
  '/livez%2f..%2follama/api/P',
  '/ollama/api/P%20',
  '/ollama/api/P%3fx',
  '/ollama/api/P.json',
  '/ollama/%ef%bd%81pi/P',
  '/ollama/k//api/P',
  '/ollama/k/x/api/P',
  '/ollama/k/../api/P',
  '/ollama/k/x/k/y/api/P',
  '//api/P',
  '/API/P',
  '/x/../api/P',
]

/** What anyone may see: that it runs. */
const PUBLIC = /^(|Ollama is running|\{"status":"ok".*\})$/
const REFUSALS = [400, 401, 404, 405, 505]

describe('however a path is written', () => {
  test.each(SPELLINGS)(
    '%s is nothing, or what the plain path is, for everyone',
    async (spelling) => {
      for (const [method, rest, denied] of [
        ['GET', 'tags', null],
        ['DELETE', 'delete', 403],
      ] as const) {
        const target = spelling.replace('P', rest)
        expect(await statusOf(method, target, null)).toBeOneOf([400, 401, 404])
        const plain = denied ?? (await statusOf(method, `/ollama/api/${rest}`, user.key))
        // 400: a key in the path beside the one in the headers.
        expect(await statusOf(method, target, user.key)).toBeOneOf([400, 404, plain])
      }
      expect(ollama.calls('/api/delete')).toEqual([])
    },
  )

  test('no path at all leads a stranger past the guard', async () => {
    const pieces = ['ollama', 'api', 'v1', 'chat', 'tags', 'delete', 'k', 'livez', 'Ollama', 'a b']
    const marks = [
      '/',
      '//',
      '/./',
      '/../',
      '%2f',
      '%2e',
      '\\',
      ';',
      '?',
      '#',
      '%00',
      ':',
      '@',
      '%',
    ]
    const target = fc
      .array(fc.oneof(fc.constantFrom(...pieces), fc.constantFrom(...marks)), { maxLength: 10 })
      .map((parts) => `/${parts.join('').replaceAll(' ', '%20')}`)
    const method = fc.constantFrom('GET', 'POST', 'DELETE', 'HEAD')
    const before = stage.asked().length
    await fc.assert(
      fc.asyncProperty(method, target, async (verb, path) => {
        const { status, body } = await send(verb, path, null)
        const isPublic = status === 200 && PUBLIC.test(body)
        const outcome = isPublic || REFUSALS.includes(status ?? 400) ? 'refused' : status
        expect([verb, path, outcome]).toEqual([verb, path, 'refused'])
      }),
      { numRuns: 400 },
    )
    expect(stage.asked().length).toBe(before)
  })
})
