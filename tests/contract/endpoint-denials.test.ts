import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mintApiKey } from '../../app/domain/api-key.ts'
import { TESTER } from '../support/builders.ts'
import type { TestUser } from '../support/gateway/people.ts'
import { checkApiHeaders, checkProblem } from '../support/gateway/problem.ts'
import { knock } from '../support/gateway/raw-http.ts'
import { type Caller, setEndpointStage } from './endpoint-world.ts'
import { type EndpointRequest, NAMED_CASES } from './endpoints.ts'

const HOUR_MS = 3_600_000

const world = await setEndpointStage()
const { gateway } = world.stage
const { users, keys, sessions } = gateway.admin
afterAll(() => world[Symbol.asyncDispose]())

/** The key of somebody who may do everything, until something was done to it or to them. */
async function keyAfter(act: (user: TestUser) => Promise<unknown>): Promise<string> {
  const user = await gateway.administrator()
  await act(user)
  return user.key
}

/** The same for an access token. */
async function tokenAfter(
  act: (user: Caller, sessionId: string) => Promise<unknown>,
): Promise<string> {
  const user = await gateway.administrator()
  const { id, accessToken } = await world.session(user)
  await act(user, id)
  return accessToken
}

const disable = ({ username }: Caller) => users.update(TESTER, username, { disabled: true })
const remove = ({ username }: Caller) => users.delete(TESTER, username)
const admin = await gateway.administrator()
const { key: expired } = await keys.generate(TESTER, admin.username, {
  expiresAt: Date.now() - 1,
})
const { refreshToken } = await world.session(admin)

const strangers: readonly (readonly [string, string | null])[] = [
  ['no credential', null],
  ['something that is none', 'sk-123'],
  ['a key that was never given out', mintApiKey(randomBytes).text],
  ['a revoked key', await keyAfter(({ keyId }) => keys.revoke(TESTER, keyId))],
  ['an expired key', expired],
  ['the key of a disabled user', await keyAfter(disable)],
  ['the key of a deleted user', await keyAfter(remove)],
  ['an access token that has expired', await world.tokenIssuedAt(admin, Date.now() - HOUR_MS)],
  [
    'an access token of a session that was ended',
    await tokenAfter((_, id) => sessions.revoke(TESTER, id)),
  ],
  [
    'an access token that was made worthless',
    await tokenAfter(({ username }) => sessions.rotateTokens(TESTER, username)),
  ],
  ['an access token of a disabled user', await tokenAfter(disable)],
  ['an access token of a deleted user', await tokenAfter(remove)],
  ['a refresh token', refreshToken],
]

/** Sends the head of a request with that credential. */
const knockWith = ({ method, path, body }: EndpointRequest, credential: string | null) =>
  knock(
    gateway.port,
    { method, path, body: body && JSON.stringify(body) },
    credential === null ? {} : { authorization: `Bearer ${credential}` },
  )

const known = NAMED_CASES.filter(([, { access }]) => access !== 'anybody')
const open = NAMED_CASES.filter(([, { access }]) => access === 'anybody')

describe.each(known)('%s', (_, endpoint) => {
  test('refuses every stranger without reading the body, in the same words', async () => {
    const request = await endpoint.request(world, admin)
    const before = await world.snapshot()
    const details = new Set<string>()
    for (const [who, credential] of strangers) {
      const answer = await knockWith(request, credential)
      expect([who, answer.status]).toEqual([who, 401])
      const challenge = credential === null ? '' : ', error="invalid_token"'
      expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="parallama"${challenge}`)
      const problem = checkProblem(answer.status, answer.headers, answer.body)
      expect(problem.code).toBe('unauthorized')
      details.add(problem.detail)
    }
    expect(details.size).toBe(1)
    expect(await world.snapshot()).toBe(before)
  })

  test('knows who shows a key, or an access token', async () => {
    for (const kind of ['key', 'token']) {
      const request = await endpoint.request(world, admin)
      const credential = kind === 'key' ? admin.key : (await world.session(admin)).accessToken
      const response = await fetch(gateway.url + request.path, {
        method: request.method,
        headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
        ...(request.body && { body: JSON.stringify(request.body) }),
      })
      expect([response.status, await response.text()]).toEqual([
        endpoint.status,
        expect.any(String),
      ])
      checkApiHeaders(response.headers)
    }
  })
})

describe.each(open)('%s, which is open to everybody,', (_, endpoint) => {
  test('does not look at who sends it', async () => {
    for (const [who, credential] of strangers) {
      const { path, body } = await endpoint.request(world, admin)
      const response = await fetch(gateway.url + path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(credential !== null && { authorization: `Bearer ${credential}` }),
        },
        body: JSON.stringify(body),
      })
      expect([who, response.status]).toEqual([who, endpoint.status])
    }
  })
})
