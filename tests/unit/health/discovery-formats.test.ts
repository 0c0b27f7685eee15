import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import { createTestServer, GOOD } from '../support/test-server.ts'

const NOBODY = {}
const KEY = { 'x-api-key': GOOD }
const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

describe('the root answers', () => {
  const kindOf = async (rootAliases: boolean, accept: string | null) => {
    const headers = accept === null ? NOBODY : { accept }
    const response = await createTestServer({ rootAliases })('GET', '/', headers)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('vary')).toBe('Accept')
    return response.headers.get('content-type')?.split(';')[0] ?? ''
  }

  test.each([
    [null, 'application/json', 'text/plain'],
    ['*/*', 'application/json', 'text/plain'],
    ['text/plain', 'application/json', 'text/plain'],
    ['application/json', 'application/json', 'application/json'],
    ['application/json, text/plain, */*', 'application/json', 'application/json'],
    ['application/json;q=0.1, text/html;q=0.9', 'text/html', 'text/html'],
    ['application/json, text/html;q=0.9', 'application/json', 'application/json'],
    ['text/html;q=0, */*', 'application/json', 'text/plain'],
    [HTML, 'text/html', 'text/html'],
    ['image/png', 'application/json', 'text/plain'],
  ])('who accepts %p with %s, and with %s where it is Ollama too', async (accept, alone, too) => {
    expect([await kindOf(false, accept), await kindOf(true, accept)]).toEqual([alone, too])
  })

  test('where it is Ollama too, programs with nothing but its own words, even without a database', async () => {
    const down = () => Promise.reject(new GatewayError('database_unavailable', 'try again'))
    const send = createTestServer({ rootAliases: true, settingsOf: down })
    for (const headers of [NOBODY, KEY, { 'x-api-key': 'stale' }, { accept: '*/*' }]) {
      expect(await (await send('GET', '/', headers)).text()).toBe('Ollama is running')
    }
    expect((await send('HEAD', '/', NOBODY)).status).toBe(200)
  })

  test('HEAD as GET without the body, and other methods not at all', async () => {
    const send = createTestServer()
    for (const path of ['/', '/status']) {
      const head = await send('HEAD', path, NOBODY)
      expect([head.status, await head.text()]).toEqual([200, ''])
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const response = await send(method, path, KEY)
        expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
        expect(response.headers.get('content-type')).toBe('application/problem+json')
      }
    }
  })

  test('with 503 while nobody can tell what is switched on', async () => {
    const headers = { 'retry-after': '2' }
    const down = async () => {
      throw new GatewayError('database_unavailable', 'try again', { headers })
    }
    const response = await createTestServer({ settingsOf: down })('GET', '/', NOBODY)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })
})
