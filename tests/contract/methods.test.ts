import { afterAll, describe, expect, test } from 'bun:test'
import { setStage } from '../support/gateway/stage.ts'
import { ROUTES } from './routes.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

const stage = await setStage()
const admin = await stage.gateway.administrator()
afterAll(() => stage[Symbol.asyncDispose]())

/** Each path with the methods that it has; one that can be read can also be asked for its head. */
const allowed = new Map<string, Set<string>>()
for (const { method, path } of ROUTES) {
  const methods = allowed.get(path) ?? new Set()
  allowed.set(path, methods.add(method))
  if (method === 'GET') methods.add('HEAD')
}

describe.each([...allowed])('%s', (path, methods) => {
  test.each(METHODS.filter((method) => !methods.has(method)))(
    'answers %s with the methods that it has',
    async (method) => {
      for (const as of [null, stage.user, admin]) {
        const response = await stage.get(path, { as, method })
        expect(response.status).toBe(405)
        const allow = response.headers.get('allow')?.split(', ') ?? []
        expect(new Set(allow)).toEqual(methods)
        if (method === 'HEAD') continue
        expect(await response.json()).toMatchObject({ code: 'method_not_allowed', status: 405 })
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
