import { afterAll, describe, expect, test } from 'bun:test'
import type { StreamDialect } from '../../app/errors/dialect.ts'
import { expectRefusal } from '../support/gateway/refusal.ts'
import { setStage } from '../support/gateway/stage.ts'
import { ROUTES } from './routes.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

const stage = await setStage()
const admin = await stage.gateway.administrator()
afterAll(() => stage[Symbol.asyncDispose]())

/** Each path with the methods that it has; one that can be read can also be asked for its head. */
const allowed = new Map<string, { methods: Set<string>; dialect: StreamDialect }>()
for (const { method, path, dialect } of ROUTES) {
  const { methods } = allowed.get(path) ?? { methods: new Set() }
  allowed.set(path, { methods: methods.add(method), dialect })
  if (method === 'GET') methods.add('HEAD')
}

describe.each([...allowed])('%s', (path, { methods, dialect }) => {
  test.each(METHODS.filter((method) => !methods.has(method)))(
    'answers %s with the methods that it has',
    async (method) => {
      for (const as of [null, stage.user, admin]) {
        const response = await stage.get(path, { as, method })
        expect(response.status).toBe(405)
        const allow = response.headers.get('allow')?.split(', ') ?? []
        expect(new Set(allow)).toEqual(methods)
        if (method === 'HEAD') continue
        const { status, headers } = response
        expectRefusal(
          { status, headers, body: await response.text() },
          dialect,
          'method_not_allowed',
        )
      }
    },
  )

  test('does not let a header override the method', async () => {
    const [real = ''] = [...METHODS].filter((method) => !methods.has(method))
    const [pretended = ''] = methods
    const headers = {
      'x-http-method-override': pretended,
      'x-http-method': pretended,
      'x-method-override': pretended,
    }
    const response = await stage.get(path, { as: admin, method: real, headers })
    expect(response.status).toBe(405)
  })
})

test('none of these requests has reached Ollama', () => {
  expect(stage.asked()).toEqual([])
})
