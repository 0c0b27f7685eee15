import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import { TESTER } from '../../support/builders.ts'
import { readRefusal } from '../../support/gateway/native-refusal.ts'
import { readProblem } from '../../support/gateway/problem.ts'
import { rawExchange, rawRequest } from '../../support/gateway/raw-http.ts'
import { setStage } from '../../support/gateway/stage.ts'

const stage = await setStage()
const { gateway, user } = stage
const { key } = user
const other = await gateway.user()
afterAll(() => stage[Symbol.asyncDispose]())

/** One of a gateway, and one of our own API. */
const PATHS = ['/ollama/api/version', '/me'] as const

/** Asks with exactly these header lines. */
async function ask(path: string, lines: readonly string[]) {
  const answer = await rawExchange(
    gateway.port,
    rawRequest([`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`, ...lines]),
  )
  answer.end()
  const body = answer.body === '' ? {} : (JSON.parse(answer.body) as { code?: string })
  const challenge = answer.headers.get('www-authenticate') ?? ''
  return { status: answer.status, code: body.code, challenge }
}

const REFUSED: readonly [string, readonly string[]][] = [
  ['an empty Authorization', ['Authorization:']],
  ['a scheme alone', ['Authorization: Bearer']],
  ['a scheme and spaces', ['Authorization: Bearer   ']],
  ['another scheme', [`Authorization: Basic ${Buffer.from(`x:${key}`).toString('base64')}`]],
  ['no scheme', [`Authorization: ${key}`]],
  ['the scheme Token', [`Authorization: Token ${key}`]],
  ['no space', [`Authorization: Bearer${key}`]],
  ['two tokens', [`Authorization: Bearer ${key} ${key}`]],
  ['two headers', [`Authorization: Bearer ${key}`, `Authorization: Bearer ${key}`]],
  ['two schemes in one', [`Authorization: Bearer ${key}, Basic x`]],
  ['a parameter', [`Authorization: Bearer token=${key}`]],
  ['quotes', [`Authorization: Bearer "${key}"`]],
  ['a tab in the middle', [`Authorization: Bearer ${key.slice(0, 9)}\t${key.slice(9)}`]],
  ['eight kilobytes', [`Authorization: Bearer ${'x'.repeat(8000)}`]],
  ['letters beyond ASCII', ['Authorization: Bearer pl\xe9k_\xff']],
  ['a comma list of keys', [`x-api-key: ${key}, ${key}`]],
  ['two x-api-key headers', [`x-api-key: ${key}`, `x-api-key: ${key}`]],
]

const JUNK_KEYS: readonly [string, string][] = [
  ['a wrong checksum', `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`],
  ['another prefix', key.replace('plk_', 'plr_')],
  ['a prefix in capitals', key.replace('plk_', 'PLK_')],
  ['the last letter missing', key.slice(0, -1)],
  ['a letter too many', `${key}0`],
  ['letters in another case', key.replace(/[a-z](?=.{20})/g, (letter) => letter.toUpperCase())],
  ['the id of one key and the secret of another', key.slice(0, 14) + other.key.slice(14)],
  ['a key that was never given out', mintApiKey(randomBytes).text],
  ['its public id', user.keyId],
  ['SQL', "' or 1=1 --"],
]

describe.each(PATHS)('for %s, a credential', (path) => {
  test.each(REFUSED)('with %s is refused', async (_, lines) => {
    const { status, code, challenge } = await ask(path, lines)
    expect([status, code]).toEqual([401, 'unauthorized'])
    expect(challenge).toStartWith('Bearer realm="parallama"')
  })

  test.each(JUNK_KEYS)('(%s) is refused with the one message that there is', async (_, junk) => {
    const read = path === '/me' ? readProblem : readRefusal
    const revoked = await gateway.user()
    await gateway.admin.keys.revoke(TESTER, revoked.keyId)
    const refusals = await Promise.all(
      [junk, revoked.key].map(async (candidate) =>
        read(await stage.get(path, { as: { ...user, key: candidate } })),
      ),
    )
    expect(refusals[0]).toMatchObject({ status: 401, code: 'unauthorized' })
    expect(refusals[0]).toEqual(refusals[1])
  })

  test('elsewhere than in the headers does not count', async () => {
    const encoded = encodeURIComponent(key)
    for (const query of [`?key=${encoded}`, `?api_key=${encoded}`, `?access_token=${encoded}`]) {
      expect(await ask(path + query, [])).toMatchObject({ status: 401 })
    }
    for (const cookie of [`key=${key}`, `session=${key}`, `Authorization=Bearer ${key}`]) {
      expect(await ask(path, [`Cookie: ${cookie}`])).toMatchObject({ status: 401 })
    }
    expect(await ask(path, [`Proxy-Authorization: Bearer ${key}`])).toMatchObject({ status: 401 })
    for (const header of ['X-Forwarded-User', 'X-User-Id', 'X-Remote-User', 'Remote-User']) {
      expect(await ask(path, [`${header}: ${user.username}`])).toMatchObject({ status: 401 })
    }
  })

  test('that a hop names as its own to drop counts all the same', async () => {
    const lines = ['Connection: Authorization, X-Request-Id', `Authorization: Bearer ${key}`]
    expect(await ask(path, lines)).toMatchObject({ status: 200 })
    expect(await ask(path, lines.slice(0, 1))).toMatchObject({ status: 401 })
  })

  test('beside a different one is a bad request, beside the same one is fine', async () => {
    const bearer = `Authorization: Bearer ${key}`
    for (const second of [`x-api-key: ${other.key}`, `api-key: ${other.key}`, 'x-api-key: junk']) {
      const { status, code, challenge } = await ask(path, [bearer, second])
      expect([status, code]).toEqual([400, 'two_credentials'])
      expect(challenge).toContain('error="invalid_request"')
    }
    const same = [bearer, `x-api-key: ${key}`, `api-key: ${key}`]
    expect(await ask(path, same)).toMatchObject({ status: 200 })
  })

  test.each([
    ['in the scheme bearer', [`Authorization: bearer ${key}`]],
    ['in the scheme BEARER', [`AUTHORIZATION: BEARER ${key}`]],
    ['after two spaces', [`Authorization: Bearer  ${key}`]],
    ['before spaces', [`Authorization: Bearer ${key}  `]],
    ['as x-api-key', [`X-Api-Key: ${key}`]],
    ['as api-key', [`Api-Key: ${key}`]],
  ])('%s is good', async (_, lines) => {
    expect(await ask(path, lines)).toMatchObject({ status: 200 })
  })
})

test('none of all that has reached Ollama, but for what was good', () => {
  expect(stage.asked().every(({ path }) => path === '/api/version')).toBeTrue()
  expect(stage.asked().length).toBeLessThanOrEqual(8)
})
