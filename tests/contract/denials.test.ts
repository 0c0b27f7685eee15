import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mintApiKey } from '../../app/domain/api-key.ts'
import type { Permission } from '../../app/domain/role.ts'
import { TESTER } from '../support/builders.ts'
import type { NewTestUser } from '../support/gateway/people.ts'
import { knock } from '../support/gateway/raw-http.ts'
import { setStage } from '../support/gateway/stage.ts'
import { ROUTES, type Route } from './routes.ts'

const stage = await setStage()
const { gateway } = stage
const { users, keys, roles } = gateway.admin
afterAll(() => stage[Symbol.asyncDispose]())

const everything = (await roles.info('admin')).permissions as readonly Permission[]

/** A key that worked until something was done to it or to its owner. */
async function keyAfter(
  act: (username: string, keyId: string) => Promise<unknown>,
  options: NewTestUser = { roles: ['premium'] },
): Promise<string> {
  const { username, keyId, key } = await gateway.user(options)
  await act(username, keyId)
  return key
}

const strangers: [string, Record<string, string>][] = [
  ['no key', {}],
  ['an empty key', { 'x-api-key': '' }],
  ['something that is no key', { authorization: 'Bearer sk-123' }],
  ['a key that was never given out', bearer(mintApiKey(randomBytes).text)],
  ['a revoked key', bearer(await keyAfter((_, id) => keys.revoke(TESTER, id)))],
  [
    'an expired key',
    bearer(
      await keyAfter(async () => {}, { roles: ['premium'], key: { expiresAt: Date.now() - 1 } }),
    ),
  ],
  [
    'the key of a disabled user',
    bearer(await keyAfter((name) => users.update(TESTER, name, { disabled: true }))),
  ],
  ['the key of a deleted user', bearer(await keyAfter((name) => users.delete(TESTER, name)))],
]

const expiredRole = await keyAfter((name) =>
  roles.grant(TESTER, name, 'premium', Date.now() - 1000),
)
const withoutRole = (await gateway.user({ roles: [] })).key
const lacking = new Map<Permission, string>()
for (const permission of new Set(ROUTES.flatMap(({ permissions }) => permissions))) {
  const permissions = everything.filter((name) => name !== permission)
  const role = await gateway.role({ permissions })
  lacking.set(permission, (await gateway.user({ roles: [role] })).key)
}

function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` }
}

describe.each(ROUTES.map((route): [string, Route] => [`${route.method} ${route.path}`, route]))(
  '%s',
  (_, route) => {
    const isHead = route.method === 'HEAD'

    test.each(strangers)('refuses %s without reading the body', async (who, headers) => {
      const answer = await knock(gateway.port, route, headers)
      expect(answer.status).toBe(401)
      const challenge = who === 'no key' ? '' : ', error="invalid_token"'
      expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="parallama"${challenge}`)
      if (isHead) return
      expect(JSON.parse(answer.body)).toEqual({
        error: expect.stringMatching(/^unauthorized/),
        code: 'unauthorized',
        status: 401,
        request_id: answer.headers.get('x-request-id'),
      })
    })

    test.each([
      ['somebody whose role has expired', expiredRole],
      ['somebody without a role', withoutRole],
      ...route.permissions.map((permission): [string, string] => [
        `somebody who may do everything but ${permission}`,
        lacking.get(permission) ?? '',
      ]),
    ])('refuses %s without reading the body', async (_, key) => {
      const answer = await knock(gateway.port, route, bearer(key))
      expect(answer.status).toBe(403)
      expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
      if (isHead) return
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'forbidden', status: 403 })
    })
  },
)

test('nothing of all that has reached Ollama or the ledger', async () => {
  expect(stage.asked()).toEqual([])
  expect(gateway.log.filter(({ message }) => message === 'request accounted')).toEqual([])
})

describe('who has exactly the permissions of a route is let in', () => {
  test.each(ROUTES.map((route): [string, Route] => [`${route.method} ${route.path}`, route]))(
    '%s',
    async (_, { method, path, permissions, body }) => {
      await using open = await setStage()
      const role = await open.gateway.role({ permissions })
      const user = await open.gateway.user({ roles: [role] })
      const headers = { ...bearer(user.key), 'content-type': 'application/json' }
      const response = await fetch(open.gateway.url + path, { method, headers, body })
      expect(response.status).toBeOneOf([200, 201, method === 'HEAD' ? 404 : 200])
      await response.text()
      expect(await open.gateway.usageOf(user)).toHaveLength(1)
    },
  )
})
