import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mintApiKey } from '../../app/domain/api-key.ts'
import { allPermissions, type Permission } from '../../app/domain/role.ts'
import { TESTER } from '../support/builders.ts'
import type { NewTestUser } from '../support/gateway/people.ts'
import { knock } from '../support/gateway/raw-http.ts'
import { expectRefusal } from '../support/gateway/refusal.ts'
import { type Stage, setStage } from '../support/gateway/stage.ts'
import type { TestGateway } from '../support/gateway.ts'
import { named, type Route } from './routes.ts'

type StageOptions = Parameters<typeof setStage>[0]

/** Tests that each of the routes is closed to everybody whom it is not for, and open to whom it is. */
export async function describeDenials(
  stage: Stage,
  routes: readonly Route[],
  options: StageOptions = {},
): Promise<void> {
  const { gateway } = stage
  const strangers = await strangersTo(gateway)
  const powerless = await powerlessIn(gateway)
  const lacking = await whoLackOne(gateway, routes)

  describe.each(named(routes))('%s', (_, route) => {
    const isHead = route.method === 'HEAD'

    test.each(strangers)('refuses %s without reading the body', async (who, headers) => {
      const answer = await knock(gateway.port, route, headers)
      expect(answer.status).toBe(401)
      const challenge = who === 'no key' ? '' : ', error="invalid_token"'
      expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="parallama"${challenge}`)
      if (isHead) return
      expect(expectRefusal(answer, route.dialect, 'unauthorized')).toStartWith('unauthorized')
    })

    test.each([
      ...powerless,
      ...route.permissions.map((permission): [string, string] => [
        `somebody who may do everything but ${permission}`,
        lacking.get(permission) ?? '',
      ]),
    ])('refuses %s without reading the body', async (_, key) => {
      const answer = await knock(gateway.port, route, bearer(key))
      expect(answer.status).toBe(403)
      expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
      if (!isHead) expectRefusal(answer, route.dialect, 'forbidden')
    })
  })

  test('nothing of all that has reached Ollama or the ledger', async () => {
    expect(stage.asked()).toEqual([])
    expect(gateway.log.filter(({ message }) => message === 'request accounted')).toEqual([])
  })

  describe('who has exactly the permissions of a route is let in, and leaves one row', () => {
    test.each(named(routes))('%s', async (_, { method, path, permissions, body, status }) => {
      await using open = await setStage(options)
      const role = await open.gateway.role({ permissions })
      const user = await open.gateway.user({ roles: [role] })
      const headers = { ...bearer(user.key), 'content-type': 'application/json' }
      const response = await fetch(open.gateway.url + path, { method, headers, body })
      expect(response.status).toBe(status)
      await response.text()
      expect(await open.gateway.usageOf(user)).toMatchObject([{ status }])
    })
  })
}

/** Whoever has no key that works, in every way that there is. */
async function strangersTo(gateway: TestGateway): Promise<[string, Record<string, string>][]> {
  const { users, keys } = gateway.admin
  return [
    ['no key', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['something that is no key', { authorization: 'Bearer sk-123' }],
    ['a key that was never given out', bearer(mintApiKey(randomBytes).text)],
    ['a revoked key', bearer(await keyAfter(gateway, (_, id) => keys.revoke(TESTER, id)))],
    [
      'an expired key',
      bearer(
        await keyAfter(gateway, async () => {}, {
          roles: ['premium'],
          key: { expiresAt: Date.now() - 1 },
        }),
      ),
    ],
    [
      'the key of a disabled user',
      bearer(await keyAfter(gateway, (name) => users.update(TESTER, name, { disabled: true }))),
    ],
    [
      'the key of a deleted user',
      bearer(await keyAfter(gateway, (name) => users.delete(TESTER, name))),
    ],
  ]
}

/** Whoever has a key that works and no rights. */
async function powerlessIn(gateway: TestGateway): Promise<[string, string][]> {
  const { roles } = gateway.admin
  const past = Date.now() - 1000
  return [
    [
      'somebody whose role has expired',
      await keyAfter(gateway, (name) => roles.grant(TESTER, name, 'premium', past)),
    ],
    ['somebody without a role', (await gateway.user({ roles: [] })).key],
  ]
}

/** For each permission of the routes the key of somebody who has all others. */
async function whoLackOne(
  gateway: TestGateway,
  routes: readonly Route[],
): Promise<ReadonlyMap<Permission, string>> {
  const everything = allPermissions([...new Set(routes.map((route) => route.gateway))])
  const lacking = new Map<Permission, string>()
  for (const permission of new Set(routes.flatMap(({ permissions }) => permissions))) {
    const permissions = everything.filter((name) => name !== permission)
    const role = await gateway.role({ permissions })
    lacking.set(permission, (await gateway.user({ roles: [role] })).key)
  }
  return lacking
}

/** A key that worked until something was done to it or to its owner. */
async function keyAfter(
  gateway: TestGateway,
  act: (username: string, keyId: string) => Promise<unknown>,
  options: NewTestUser = { roles: ['premium'] },
): Promise<string> {
  const { username, keyId, key } = await gateway.user(options)
  await act(username, keyId)
  return key
}

function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` }
}
