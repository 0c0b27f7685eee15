import { afterAll, describe, expect, test } from 'bun:test'
import { readProblem } from '../support/gateway/problem.ts'
import { setEndpointStage } from './endpoint-world.ts'
import { type EndpointCase, NAMED_CASES } from './endpoints.ts'

const world = await setEndpointStage()
const { gateway } = world.stage
const admin = await gateway.administrator()
afterAll(() => world[Symbol.asyncDispose]())

/** Sends a good request with more behind it. */
async function ask(endpoint: EndpointCase, more: string): Promise<Response> {
  const { method, path, body } = await endpoint.request(world, admin)
  return await fetch(gateway.url + path + (path.includes('?') ? '&' : '?') + more, {
    method,
    headers: {
      ...(endpoint.access !== 'anybody' && { authorization: `Bearer ${admin.key}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
}

const UNKNOWN = [
  'x=1',
  'x',
  'Limit=5',
  'LIMIT=5',
  'limit%00=5',
  'limit[]=5',
  'user_id=1',
  'is_admin=true',
  'constructor=1',
  'toString=1',
  '__proto__=1',
  'sort=password_hash',
  'order_by=1;drop table users',
  'access_token=x',
  '_method=DELETE',
]

describe.each(NAMED_CASES)('%s', (_, endpoint) => {
  test('refuses every parameter that it does not know', async () => {
    for (const more of UNKNOWN) {
      const { status, code } = await readProblem(await ask(endpoint, more))
      expect([more, status, code]).toEqual([more, 422, 'invalid'])
    }
  })

  test('refuses a parameter that is given twice, be it the same', async () => {
    for (const more of ['limit=5&limit=5', 'x=1&x=2', 'limit=5&%6cimit=6']) {
      const { status, detail } = await readProblem(await ask(endpoint, more))
      expect([more, status]).toEqual([more, 422])
      expect(detail).toEndWith('is given twice')
    }
  })
})
