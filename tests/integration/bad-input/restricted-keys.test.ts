import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import type { KeyOptions } from '../../../app/services/keys.ts'
import { TESTER } from '../../support/builders.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { readProblem } from '../../support/gateway/problem.ts'
import { type Stage, setStage } from '../../support/gateway/stage.ts'

const HOUR_MS = 3_600_000

const stage = await setStage({ settings: { trustedProxies: ['127.0.0.1', '10.0.0.1'] } })
const { gateway } = stage
const admin = await gateway.administrator()
afterAll(() => stage[Symbol.asyncDispose]())

/** The owner with another key of theirs. */
async function withKey(
  { gateway }: Pick<Stage, 'gateway'>,
  owner: TestUser,
  options: KeyOptions,
): Promise<TestUser> {
  const { key, id } = await gateway.admin.keys.generate(TESTER, owner.username, options)
  return { ...owner, key, keyId: id }
}

const restricted = (scopes: KeyOptions['scopes']) => withKey(stage, admin, { scopes })
const statusOf = async (as: TestUser, path: string): Promise<number> =>
  (await stage.get(path, { as })).status

describe('a restricted key of an administrator', () => {
  test('administers what it was made for and nothing else', async () => {
    const usage = await restricted({ permissions: ['usage:read'] })
    expect(await statusOf(usage, '/admin/usage')).toBe(200)
    for (const path of ['/admin/users', '/admin/audit', '/admin/roles', '/admin/limits']) {
      const response = await stage.get(path, { as: usage })
      expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
      expect(await readProblem(response)).toMatchObject({ status: 403, code: 'forbidden' })
    }
  })

  test('that was made for a gateway or a model administers nothing', async () => {
    for (const scopes of [{ gateways: ['ollama'] }, { models: ['*'] }, { gateways: ['openai'] }]) {
      const key = await restricted(scopes)
      expect([scopes, await statusOf(key, '/admin/users')]).toEqual([scopes, 403])
      expect([scopes, await statusOf(key, '/me')]).toEqual([scopes, 200])
    }
  })

  test('is no way to a key that may do more, nor to the password or the logins', async () => {
    const key = await restricted({ permissions: ['users:manage'], addresses: ['127.0.0.1'] })
    const { username } = admin
    const attempts: [string, string, object][] = [
      ['POST', '/me/keys', {}],
      ['POST', '/auth/keys', {}],
      ['POST', `/me/keys/${admin.keyId}/rotate`, {}],
      ['POST', `/me/keys/${admin.keyId}/successor`, {}],
      ['DELETE', `/me/keys/${admin.keyId}`, {}],
      ['DELETE', `/auth/keys/${admin.keyId}`, {}],
      ['DELETE', '/me/sessions', {}],
      ['PUT', '/me/password', { current_password: 'x', new_password: 'y'.repeat(20) }],
      ['POST', `/admin/users/${username}/keys`, {}],
      ['POST', `/admin/keys/${admin.keyId}/rotate`, {}],
      ['PUT', `/admin/users/${username}/password`, { password: 'violet-harbour-9-teapots' }],
      ['PATCH', `/admin/users/${username}`, { roles: ['admin'] }],
    ]
    for (const [method, path, body] of attempts) {
      const { status, code } = await readProblem(await stage.send(method, path, body, { as: key }))
      expect([method, path, status, code]).toEqual([method, path, 403, 'forbidden'])
    }
    expect(await statusOf(admin, '/me')).toBe(200)
  })

  test('can put a new one in its own place, which is restricted as it is', async () => {
    const key = await restricted({ permissions: ['usage:read'] })
    const response = await stage.post(`/me/keys/${key.keyId}/rotate`, {}, { as: key })
    expect(response.status).toBe(201)
    const next = (await response.json()) as { id: string; key: string }
    const as = { ...admin, key: next.key, keyId: next.id }
    expect([await statusOf(as, '/admin/usage'), await statusOf(as, '/admin/users')]).toEqual([
      200, 403,
    ])
    expect((await stage.send('DELETE', `/me/keys/${next.id}`, {}, { as })).status).toBe(204)
    expect(await statusOf(as, '/me')).toBe(401)
  })

  test('is refused in the same words when it is over, unknown or from elsewhere', async () => {
    const bad = [
      await withKey(stage, admin, { expiresAt: Date.now() - HOUR_MS }),
      { ...admin, key: mintApiKey(randomBytes).text },
      { ...admin, key: `${admin.key.slice(0, -1)}${admin.key.endsWith('0') ? '1' : '0'}` },
      { ...admin, key: admin.key.slice(0, -1) },
      { ...admin, key: admin.key.replace('plk_', 'plx_') },
      await restricted({ addresses: ['192.0.2.0/24'] }),
    ]
    const problems = await Promise.all(
      bad.map(async (as) => await readProblem(await stage.get('/me', { as }))),
    )
    expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(1)
    expect(problems[0]).toMatchObject({ status: 401, code: 'unauthorized' })
  })
})

describe('a key that works only at certain addresses', () => {
  test.each([
    ['192.0.2.7', 200],
    ['::ffff:192.0.2.7', 200],
    ['[::ffff:c000:207]:4711', 200],
    ['198.51.100.1, 192.0.2.7, 10.0.0.1', 200],
    ['2001:DB8:0::1', 200],
    ['192.0.2.8', 401],
    ['192.0.2.7, 198.51.100.1', 401],
    ['192.0.2.007', 401],
    ['0xc0.0.2.7', 401],
    ['3221225991', 401],
    ['::192.0.2.7', 401],
    ['2001:db9::1', 401],
    ['192.0.2.7, x', 401],
    ['192.0.2.7,', 401],
    ['', 401],
  ])('seen from %j by a proxy that is trusted gets %d', async (forwarded, status) => {
    const as = await restricted({ addresses: ['192.0.2.7', '2001:db8::/32'] })
    for (const path of ['/me', '/admin/users']) {
      const response = await stage.get(path, { as, headers: { 'x-forwarded-for': forwarded } })
      expect([path, response.status]).toEqual([path, status])
    }
  })

  test('does not believe who writes the address of another, without a proxy', async () => {
    await using own = await setStage()
    const root = await own.gateway.administrator()
    const as = await withKey(own, root, { scopes: { addresses: ['192.0.2.7'] } })
    for (const name of ['x-forwarded-for', 'x-real-ip', 'true-client-ip', 'cf-connecting-ip']) {
      const response = await own.get('/me', { as, headers: { [name]: '192.0.2.7' } })
      expect([name, response.status]).toEqual([name, 401])
    }
  })
})
