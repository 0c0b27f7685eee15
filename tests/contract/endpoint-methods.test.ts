import { afterAll, describe, expect, test } from 'bun:test'
import { ENDPOINTS } from '../../app/api/endpoints.ts'
import { checkApiHeaders, readProblem } from '../support/gateway/problem.ts'
import { setEndpointStage } from './endpoint-world.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

const world = await setEndpointStage()
const { stage } = world
const admin = await stage.gateway.administrator()
afterAll(() => world[Symbol.asyncDispose]())

/** The methods that work at a path, be it by a form with parameters; what can be read has a head. */
function methodsAt(path: string): Set<string> {
  const methods = ENDPOINTS.filter((endpoint) => matches(endpoint.path, path)).map((e) => e.method)
  return new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))
}

function matches(form: string, path: string): boolean {
  const [segments, given] = [form.split('/'), path.split('/')]
  return (
    segments.length === given.length &&
    segments.every((segment, i) => segment.startsWith(':') || segment === given[i])
  )
}

const paths = [...new Set(ENDPOINTS.map(({ path }) => path.replace(/:\w+/g, 'somebody')))]

describe.each(paths.map((path): [string, ReadonlySet<string>] => [path, methodsAt(path)]))(
  '%s',
  (path, allowed) => {
    const others = METHODS.filter((method) => !allowed.has(method))

    test('answers every other method with those that it has, whoever asks', async () => {
      const before = await world.snapshot()
      for (const method of others) {
        for (const as of [null, stage.user, admin]) {
          const response = await stage.get(path, { as, method })
          expect([method, response.status]).toEqual([method, 405])
          const allow = response.headers.get('allow')?.split(', ') ?? []
          expect(new Set(allow)).toEqual(new Set(allowed))
          expect(allow).toHaveLength(allowed.size)
          if (method === 'HEAD') checkApiHeaders(response.headers)
          else expect((await readProblem(response)).code).toBe('method_not_allowed')
        }
      }
      expect(await world.snapshot()).toBe(before)
    })

    test('does not let a header or a parameter override the method', async () => {
      const [real = ''] = others
      for (const pretended of allowed) {
        const headers = {
          'x-http-method-override': pretended,
          'x-http-method': pretended,
          'x-method-override': pretended,
        }
        for (const query of ['', `?_method=${pretended}`]) {
          const response = await stage.get(path + query, { as: admin, method: real, headers })
          expect(response.status).toBe(405)
        }
      }
    })

    if (allowed.has('HEAD')) {
      test('tells its head what it tells who reads it, without a body', async () => {
        for (const as of [null, stage.user, admin]) {
          const [head, read] = [
            await stage.get(path, { as, method: 'HEAD' }),
            await stage.get(path, { as }),
          ]
          expect(head.status).toBe(read.status)
          expect(await head.text()).toBe('')
          checkApiHeaders(head.headers)
        }
      })
    }
  },
)

describe('a path that no endpoint has', () => {
  test.each([
    '/auth',
    '/auth/nothing',
    '/auth/login/more',
    '/auth/keys/a/b',
    '/me/nothing',
    '/me/keys/a/b',
    '/me/sessions/a/b',
    '/me/password/more',
    '/admin',
    '/admin/nothing',
    '/admin/users/a/nothing',
    '/admin/users/a/roles',
    '/admin/users/a/roles/b/c',
    '/admin/keys/a/b',
    '/admin/sessions',
    '/admin/audit/a',
    '/admin/usage/a',
    '/admin/gateways/a/nothing',
    '/admin/gateways/a/metrics/b',
    '/administrator',
    '/adminusers',
    '/meow',
  ])('%s is not there for anybody, by any method', async (path) => {
    for (const method of METHODS) {
      for (const as of [null, admin]) {
        const response = await stage.get(path, { as, method })
        expect([method, response.status]).toEqual([method, 404])
        if (method !== 'HEAD') expect((await readProblem(response)).code).toBe('not_found')
      }
    }
  })
})
