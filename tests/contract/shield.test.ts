import { afterAll, describe, expect, test } from 'bun:test'
import { expectRefusal } from '../support/gateway/refusal.ts'
import { setStage } from '../support/gateway/stage.ts'
import { named, ROUTES, type Route } from './routes.ts'

const stage = await setStage({
  settings: { trustedProxies: ['127.0.0.1'], failedAuthPerMinute: 1 },
})
afterAll(() => stage[Symbol.asyncDispose]())

const headers = { 'x-forwarded-for': '203.0.113.5', 'content-type': 'application/json' }
const knock = ({ method, path, body }: Route, key?: string): Promise<Response> =>
  fetch(stage.gateway.url + path, {
    method,
    headers: { ...headers, ...(key && { 'x-api-key': key }) },
    body,
  })

await (await fetch(`${stage.gateway.url}/ollama/api/tags`, { headers })).text()

describe.each(named(ROUTES))('%s', (_, route) => {
  test('refuses an address that has failed too often in words that its clients show', async () => {
    for (const key of [undefined, 'junk']) {
      const response = await knock(route, key)
      const seconds = response.headers.get('retry-after')
      expect(seconds).toMatch(/^[1-9]\d?$/)
      expect(Number(seconds)).toBeLessThanOrEqual(60)
      expect(response.headers.get('www-authenticate')).toBeNull()
      expect(response.status).toBe(429)
      if (route.method === 'HEAD') continue
      const { status, headers } = response
      const answer = { status, headers, body: await response.text() }
      const message = expectRefusal(answer, route.dialect, 'too_many_failures')
      expect(message).toMatch(/check your key, and try again later$/)
    }
  })
})

test('none of which has reached Ollama', () => {
  expect(stage.asked()).toEqual([])
})

test('what takes no key is open to everybody', async () => {
  for (const path of ['/livez', '/readyz', '/ollama']) {
    expect((await fetch(stage.gateway.url + path, { headers })).status).toBe(200)
  }
  expect((await fetch(`${stage.gateway.url}/nowhere`, { headers })).status).toBe(404)
})
