import { afterAll, describe, expect, test } from 'bun:test'
import type { Permission } from '../../app/domain/role.ts'
import type { TestUser } from '../support/gateway/people.ts'
import { checkApiHeaders, readProblem } from '../support/gateway/problem.ts'
import { PERMISSIONS } from '../support/permissions.ts'
import { setEndpointStage } from './endpoint-world.ts'
import { type EndpointCase, NAMED_CASES } from './endpoints.ts'

const world = await setEndpointStage()
const { gateway } = world.stage
afterAll(() => world[Symbol.asyncDispose]())

/** Who calls, and everything that they may do. */
interface Member {
  readonly name: string
  readonly user: TestUser
  readonly permissions: ReadonlySet<string>
}

const withPermissions = async (
  name: string,
  permissions: readonly Permission[],
): Promise<Member> => {
  const role = await gateway.role({ permissions })
  return { name, user: await gateway.user({ roles: [role] }), permissions: new Set(permissions) }
}

const withRole = async (name: string): Promise<Member> => ({
  name: `a member of ${name}`,
  user: await gateway.user({ roles: [name] }),
  permissions: new Set((await gateway.admin.roles.info(name)).permissions),
})

const nobody = await withPermissions('somebody without any permission', [])
const roles = await Promise.all(['basic', 'premium', 'admin'].map(withRole))
const managers = await Promise.all(
  PERMISSIONS.map((one) => withPermissions(`who has just ${one}`, [one])),
)
const lacking = await Promise.all(
  PERMISSIONS.map((one) => {
    const others = PERMISSIONS.filter((name) => name !== one)
    return withPermissions(`who has everything but ${one}`, others)
  }),
)
const members: readonly Member[] = [nobody, ...roles, ...managers, ...lacking]

const mayCall = ({ permissions }: EndpointCase, member: Member): boolean =>
  permissions.every((permission) => member.permissions.has(permission))

async function call(endpoint: EndpointCase, user: TestUser): Promise<Response> {
  const { method, path, body } = await endpoint.request(world, user)
  return await fetch(gateway.url + path, {
    method,
    headers: {
      ...(endpoint.access !== 'anybody' && { authorization: `Bearer ${user.key}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
}

describe.each(NAMED_CASES)('%s', (_, endpoint) => {
  const denied = members.filter((member) => !mayCall(endpoint, member))
  const allowed = [nobody, ...roles].filter((member) => mayCall(endpoint, member))

  test('is refused to all who lack one of its permissions, and changes nothing', async () => {
    expect(denied.length > members.length / 2).toBe(typeof endpoint.access !== 'string')
    const { method, path, body } = await endpoint.request(world, world.stage.user)
    const before = await world.snapshot()
    for (const { name, user } of denied) {
      const response = await fetch(gateway.url + path, {
        method,
        headers: { authorization: `Bearer ${user.key}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
      expect([name, response.status]).toEqual([name, 403])
      expect(response.headers.get('www-authenticate')).toBe(
        'Bearer realm="parallama", error="insufficient_scope"',
      )
      const { code, detail } = await readProblem(response)
      expect(code).toBe('forbidden')
      expect(endpoint.permissions).toContain(/permission ([\w:]+)/.exec(detail)?.[1] as Permission)
    }
    expect(await world.snapshot()).toBe(before)
  })

  test('works for all others, and for who has exactly what it takes', async () => {
    const exact = await withPermissions('who has exactly what it takes', endpoint.permissions)
    for (const { name, user } of endpoint.access === 'anybody' ? [exact] : [exact, ...allowed]) {
      const response = await call(endpoint, user)
      const text = await response.text()
      expect([name, response.status, text]).toEqual([name, endpoint.status, text])
      checkApiHeaders(response.headers)
      if (endpoint.status === 204) expect(text).toBe('')
      else expect(response.headers.get('content-type')).toStartWith('application/json')
    }
  })
})

test('what is open to everybody, and what to all who are known, is what is listed here', () => {
  const withAccess = (access: string): string[] =>
    NAMED_CASES.filter(([, endpoint]) => endpoint.access === access).map(([name]) => name)
  expect(withAccess('anybody')).toEqual([
    'POST /auth/login',
    'POST /auth/token',
    'POST /auth/logout',
    'POST /auth/register',
  ])
  expect(withAccess('own').filter((name) => !/ \/(me|auth\/keys)(\/|$)/.test(name))).toEqual([])
  for (const [name, { access }] of NAMED_CASES) {
    if (name.includes('/admin'))
      expect([name, typeof access, access.length > 0]).toEqual([name, 'object', true])
  }
})
