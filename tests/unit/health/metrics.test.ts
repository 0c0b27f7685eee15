import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import { principal } from '../support/principal.ts'
import { createTestServer, GOOD } from '../support/test-server.ts'

const NOBODY = {}
const prometheus = principal({ permissions: new Set(['metrics:read']) })

describe('/metrics', () => {
  test('is shown to a key whose owner may read it', async () => {
    const send = createTestServer({ who: prometheus })
    for (const headers of [{ authorization: `Bearer ${GOOD}` }, { 'x-api-key': GOOD }]) {
      const response = await send('GET', '/metrics', headers)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await response.text()).toBe('a_metric 1\n')
    }
    const head = await send('HEAD', '/metrics')
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test.each(['/metrics', '/metrics/', '//metrics', '/metrics?x=1'])(
    '%s is closed to strangers, in the words of our own API',
    async (path) => {
      const send = createTestServer({ who: prometheus })
      for (const headers of [NOBODY, { 'x-api-key': 'bad' }]) {
        const response = await send('GET', path, headers)
        expect(response.status).toBe(401)
        expect(response.headers.get('content-type')).toBe('application/problem+json')
        expect(response.headers.get('www-authenticate')).toStartWith('Bearer realm="parallama"')
        expect(await response.json()).toMatchObject({ code: 'unauthorized', status: 401 })
      }
    },
  )

  test('is closed, before any key is looked up, to an address that has failed too often', async () => {
    let lookups = 0
    const verifier = {
      async verify() {
        lookups++
        return prometheus
      },
    }
    const shield = {
      async attempt(): Promise<never> {
        throw new GatewayError('too_many_failures', 'try again later')
      },
    }
    const response = await createTestServer({ verifier, shield })('GET', '/metrics')
    expect([response.status, lookups]).toEqual([429, 0])
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })

  test('is closed to who has every permission but that one', async () => {
    const others = ['gateway:ollama', 'usage:read', 'audit:read', 'models:manage', 'users:manage']
    const who = principal({ permissions: new Set(others) })
    const response = await createTestServer({ who })('GET', '/metrics')
    expect(response.status).toBe(403)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
    expect(await response.json()).toMatchObject({
      code: 'forbidden',
      detail: expect.stringContaining('metrics:read'),
    })
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('has no %s', async (method) => {
    const send = createTestServer({ who: prometheus })
    for (const headers of [NOBODY, { 'x-api-key': GOOD }]) {
      const response = await send(method, '/metrics', headers)
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('GET, HEAD')
      expect(await response.json()).toMatchObject({ code: 'method_not_allowed' })
    }
  })

  test('is not made for who is refused', async () => {
    let made = 0
    const metrics = { text: async () => `made ${++made}\n` }
    await createTestServer({ metrics })('GET', '/metrics')
    await createTestServer({ metrics, who: prometheus })('GET', '/metrics', NOBODY)
    await createTestServer({ metrics, who: prometheus })('POST', '/metrics')
    expect(made).toBe(0)
  })
})
