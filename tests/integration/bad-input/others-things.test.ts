import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { apiKeyId, mintApiKey } from '../../../app/domain/api-key.ts'
import { type Caller, setEndpointStage } from '../../contract/endpoint-world.ts'
import { readProblem } from '../../support/gateway/problem.ts'

const world = await setEndpointStage()
const { stage } = world
const { gateway } = stage
const other = await gateway.user()
const admin = await gateway.administrator()
afterAll(() => world[Symbol.asyncDispose]())

/** What a user can do to a thing of theirs, by what it is. */
const ACTS: readonly (readonly [string, string, string, (owner: Caller) => Promise<string>])[] = [
  ['a key', 'GET', '/me/keys/ID', async (owner) => (await world.key(owner)).id],
  ['a key', 'DELETE', '/me/keys/ID', async (owner) => (await world.key(owner)).id],
  ['a key', 'DELETE', '/auth/keys/ID', async (owner) => (await world.key(owner)).id],
  ['a key', 'POST', '/me/keys/ID/rotate', async (owner) => (await world.key(owner)).id],
  ['a key that was replaced', 'POST', '/me/keys/ID/successor', world.replacedKey],
  ['the text of a key', 'GET', '/me/keys/ID', async (owner) => (await world.key(owner)).key],
  ['a session', 'DELETE', '/me/sessions/ID', async (owner) => (await world.session(owner)).id],
]

describe('what belongs to another', () => {
  test.each(ACTS)('(%s) is as good as unknown: %s %s', async (_, method, path, make) => {
    const ask = async (id: string) => {
      const url = path.replace('ID', id)
      const sent = method === 'GET' ? stage.get(url) : stage.send(method, url, {})
      const { status, detail } = await readProblem(await sent)
      // Of the text of a key only its public id is repeated.
      return { status, detail: detail.replaceAll(apiKeyId(id) ?? id, 'ID') }
    }
    const [theirs, adminsOwn] = [await make(other), await make(admin)]
    const gone = apiKeyId(theirs) ? mintApiKey(randomBytes).text : 'Unknown001'
    const before = await world.snapshot()
    const [first, second, third] = [await ask(theirs), await ask(adminsOwn), await ask(gone)]
    expect(first.status).toBe(404)
    expect(second).toEqual(first)
    expect(third).toEqual(first)
    expect(await world.snapshot()).toBe(before)
  })

  test('is in no list of one’s own', async () => {
    await world.session(other)
    for (const path of ['/me/keys', '/auth/keys', '/me/sessions', '/me/usage']) {
      const text = await (await stage.get(path)).text()
      expect(text).not.toContain(other.keyId)
      expect(text).not.toContain(other.username)
    }
    for (const query of [`?user_id=${other.id}`, `?username=${other.username}`, '?username=*']) {
      for (const path of ['/me/keys', '/me/usage', '/me/limits', '/me/sessions']) {
        expect([path, query, (await stage.get(path + query)).status]).toEqual([path, query, 422])
      }
    }
  })
})

test.each([
  '-1',
  'x',
  '0123456789',
  '00000000-0000-0000-0000-000000000000',
  "' or '1'='1",
  '%',
  '_',
  '*',
  '../users',
  'null',
  'undefined',
  '1e9',
  '\u0000',
  'x'.repeat(300),
  '🦙',
  '[object Object]',
])('the id %j is of nothing', async (id) => {
  const encoded = encodeURIComponent(id)
  const paths = ['/admin/users/ID', '/admin/roles/ID', '/admin/keys/ID', '/admin/users/ID/sessions']
  for (const path of [...paths, '/me/keys/ID']) {
    const response = await stage.get(path.replace('ID', encoded), { as: admin })
    expect([path, (await readProblem(response)).status]).toEqual([path, 404])
  }
  for (const path of ['/admin/sessions/ID', '/admin/invitations/ID', '/admin/users/ID']) {
    const response = await stage.send('DELETE', path.replace('ID', encoded), {}, { as: admin })
    expect([path, (await readProblem(response)).status]).toEqual([path, 404])
  }
})

test.each([
  '/admin/usage?days=0',
  '/admin/usage?days=99999',
  '/admin/usage?days=1e3',
  '/admin/usage?limit=0',
  '/admin/users?limit=-1',
  '/admin/users?limit=1e9',
  '/admin/users?limit=201',
  `/admin/users?search=${'%25'.repeat(65)}`,
  '/admin/users?cursor=x',
  '/admin/audit?since=yesterday',
  '/admin/audit?since=2030-01-01',
  '/admin/audit?outcome=all',
  '/admin/audit?action=%00',
  `/admin/keys?cursor=${'x'.repeat(1001)}`,
  '/admin/roles?limit=abc',
  '/admin/limits',
  '/admin/limits?user=a&role=b',
])('the list %s is refused, and says why', async (path) => {
  const { status, code, detail } = await readProblem(await stage.get(path, { as: admin }))
  expect([status, code]).toEqual([422, 'invalid'])
  expect(detail).toMatch(/\w+/)
})
