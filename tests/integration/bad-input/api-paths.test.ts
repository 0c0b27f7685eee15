import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { routePath } from '../../../app/request-path.ts'
import { checkProblem } from '../../support/gateway/problem.ts'
import { type RawAnswer, rawExchange, rawRequest } from '../../support/gateway/raw-http.ts'
import { setStage } from '../../support/gateway/stage.ts'

const stage = await setStage({ settings: { rootAliases: true, keyInPath: true } })
const { gateway, user } = stage
const admin = await gateway.administrator()
afterAll(() => stage[Symbol.asyncDispose]())

/** Sends the target as it is: no client tidies it up on the way. */
async function send(target: string, key: string | null, method = 'GET'): Promise<RawAnswer> {
  const answer = await rawExchange(
    gateway.port,
    rawRequest([
      `${method} ${target} HTTP/1.1`,
      `Host: 127.0.0.1:${gateway.port}`,
      ...(key === null ? [] : [`Authorization: Bearer ${key}`]),
    ]),
  )
  answer.end()
  return answer
}

/** `P` stands for the first segment of a path, `R` for the rest. */
const SPELLINGS = [
  '//P/R',
  '///P/R',
  '/P//R',
  '/P/R/',
  '/P/R//',
  '/P%2fR',
  '/P%2FR',
  '/P%5cR',
  '/P\\R',
  '/P;x/R',
  '/P/R;x',
  '/P/R;x=y',
  '/x/..;/P/R',
  '/x;/../P/R',
  '/P%00/R',
  '/P/R%00',
  '/P/R%20',
  '/P/R%09',
  '/x/../P/R',
  '/x/%2e%2e/P/R',
  '/x/%2e%2e%2fP/R',
  '/x/%252e%252e/P/R',
  '/./P/./R',
  '/P/x/../R',
  '/livez/../P/R',
  '/livez%2f..%2fP/R',
  '/docs/../P/R',
  '/ollama/../P/R',
  '/ollama/k/x/../../../P/R',
  '/api/../P/R',
  '/auth/login/../../P/R',
  '/P/R?x=/livez',
  '/P/R#/livez',
  '/P/R%3fx',
  '/P/R%23x',
  '/P/R.json',
  '/P/R.css',
  '/.P/R',
  '/P./R',
  '/ollama/P/R',
  '/api/P/R',
]

const PATHS: readonly (readonly [string, string])[] = [
  ['admin', 'users'],
  ['admin', `users/${user.username}`],
  ['me', 'keys'],
  ['auth', 'keys'],
]
const KEYS: readonly (readonly [string, string | null])[] = [
  ['a stranger', null],
  ['a user', user.key],
  ['an administrator', admin.key],
]

describe('however a path of our own API is written', () => {
  const upper = (text: string): string => text.toUpperCase()
  const encoded = (text: string): string =>
    text.replace(/^./, (a) => `%${a.charCodeAt(0).toString(16)}`)

  test.each(PATHS)('/%s/%s is nothing, or itself, for everyone', async (first, rest) => {
    const spelt = SPELLINGS.map((text) => text.replace('P', first).replace('R', rest))
    const others = [
      `/${upper(first)}/${rest}`,
      `/${first}/${upper(rest)}`,
      `/${encoded(first)}/${rest}`,
      `/${first}/${encoded(rest)}`,
      `/${first.replace('a', '\xe1')}/${rest}`,
      `/%EF%BD%81${first.slice(1)}/${rest}`,
    ]
    for (const [who, key] of KEYS) {
      const plain = (await send(`/${first}/${rest}`, key)).status
      for (const target of [...spelt, ...others]) {
        const { status } = await send(target, key)
        // A name in the path is compared in lower case, and may be encoded.
        const nothing = target === `/${first}/${upper(rest)}` ? [404, plain] : [400, 404]
        // 422: a parameter that is not known.
        expect([who, target, [...nothing, plain, 422].includes(status ?? 0)]).toEqual([
          who,
          target,
          true,
        ])
        if (status === 422) expect(key === admin.key || first !== 'admin').toBe(true)
        if (key === null) expect([target, status]).not.toEqual([target, 422])
      }
    }
  })

  test('a name in it that holds a slash or dots leads to no other endpoint', async () => {
    const { username } = user
    for (const name of [
      `x%2f..%2f${username}`,
      `..%2fusers%2f${username}`,
      `${username}%2froles%2fbasic`,
      `${username}%2Fpassword`,
      `${username}%00`,
      `%00`,
      `%ff`,
      `%`,
      `%ud800`,
      `x`.repeat(3000),
      `%f0%9f%a6%99`,
    ]) {
      for (const method of ['GET', 'DELETE']) {
        const answer = await send(`/admin/users/${name}`, admin.key, method)
        expect([name, answer.status]).toEqual([name, 404])
        checkProblem(answer.status, answer.headers, answer.body)
      }
    }
    expect((await stage.get('/me')).status).toBe(200)
  })

  test('the path that decides is the one that is routed and logged', async () => {
    const pieces = ['admin', 'me', 'auth', 'users', 'keys', 'login', 'Admin', 'x', 'docs', 'livez']
    const marks = ['/', '//', '/%2e%2e/', '%2f', '%61', ';', '?', '#', '%00', ':', '@', '%', '.']
    const target = fc
      .array(fc.oneof(fc.constantFrom(...pieces), fc.constantFrom(...marks)), { maxLength: 8 })
      .map((parts) => `/${parts.join('')}`)
    await fc.assert(
      fc.asyncProperty(target, fc.constantFrom(...KEYS), async (path, [, key]) => {
        const before = gateway.log.length
        const { status } = await send(path, key)
        const logged = gateway.log
          .slice(before)
          .flatMap(({ fields }) => ('path' in fields ? [fields.path] : []))
        // The server resolves dots as every browser does; nothing else is resolved.
        const plain = routePath(new URL(`http://h${path}`).href)
        expect([path, logged]).toEqual([path, [plain]])
        const isQueried = path.includes('?')
        const canonical = (await send(plain, key)).status
        const isSpelledOut = plain !== new URL(`http://h${path}`).pathname
        const isSame = status === canonical || (isQueried && status === 422)
        expect([path, isSame || (isSpelledOut && status === 404)]).toEqual([path, true])
      }),
      { numRuns: 400 },
    )
  })
})
