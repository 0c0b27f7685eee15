import { describe, expect, test } from 'bun:test'
import type { Principal } from '../../../app/domain/grant.ts'
import { createModelAliases } from '../../../app/domain/model-aliases.ts'
import type { DiscoveryDocument } from '../../../app/health/discovery-document.ts'
import { principal } from '../support/principal.ts'
import { createTestServer, GOOD } from '../support/test-server.ts'

const NOBODY = {}
const KEY = { 'x-api-key': GOOD }

const aliases = createModelAliases(
  [
    { alias: 'gpt-4', model: 'llama3:latest' },
    { alias: 'gpt-*', model: 'llama3:latest' },
    { alias: 'gpt-4o*', model: 'llama3:latest' },
    { alias: 'inner', model: 'secret:latest' },
    { alias: 'far', model: 'big:cloud' },
    { alias: '__proto__', model: 'llama3:latest' },
  ],
  'llama3:latest',
)
const settingsOf = (name: string) => ({ enabled: name !== 'anthropic', aliases })
const onlyLlama: Principal['models'] = [(name) => name.startsWith('llama3')]

const read = async (response: Promise<Response>): Promise<DiscoveryDocument> => {
  const answer = await response
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('application/json')
  return (await answer.json()) as DiscoveryDocument
}

describe('what strangers are told at the root', () => {
  test('is each gateway with its path, its state, what it can do and how', async () => {
    const document = await read(createTestServer({ settingsOf })('GET', '/', NOBODY))
    expect([document.name, document.documentation]).toEqual(['parallama', '/docs'])
    expect(Object.keys(document.gateways)).toEqual(['ollama', 'openai', 'anthropic'])
    expect(document.gateways.openai).toMatchObject({
      base_path: '/openai',
      status: 'active',
      features: expect.arrayContaining(['chat']),
      endpoints: expect.arrayContaining([
        'POST /openai/v1/chat/completions',
        'GET /openai/v1/models/{id}',
      ]),
    })
    expect(document.gateways.anthropic?.status).toBe('disabled')
  })

  test('is that nothing is available when no host is up, but for what is switched off', async () => {
    const health = { check: async () => [] }
    const document = await read(createTestServer({ settingsOf, health })('GET', '/', NOBODY))
    const states = Object.values(document.gateways).map(({ status }) => status)
    expect(states).toEqual(['unavailable', 'unavailable', 'disabled'])
  })

  test('names no model and no version', async () => {
    const send = createTestServer({ settingsOf })
    for (const headers of [NOBODY, { accept: 'text/html' }, { cookie: `key=${GOOD}` }]) {
      const text = await (await send('GET', '/', headers)).text()
      expect(text).not.toMatch(/1\.2\.3|llama3|secret|gpt-4|inner|model_mappings|default_model/)
    }
  })

  test('is nothing that takes more than the gateway, nor what is only there to say no', async () => {
    const document = await read(createTestServer()('GET', '/', NOBODY))
    const endpoints = Object.values(document.gateways).flatMap((gateway) => gateway.endpoints)
    expect(endpoints.length).toBeGreaterThan(30)
    expect(endpoints.join()).not.toMatch(/pull|push|create|copy|delete|blobs|moderations|images/)
  })

  test('can be had without a look at the shield or the database of keys', async () => {
    const shield = { attempt: () => Promise.reject(new Error('the shield was asked')) }
    const verifier = { verify: () => Promise.reject(new Error('a key was looked up')) }
    await read(createTestServer({ shield, verifier })('GET', '/', NOBODY))
  })
})

describe('who shows a key', () => {
  test('is told the version, and the names that stand for the models of their roles', async () => {
    const who = principal({ models: onlyLlama })
    const send = createTestServer({ settingsOf, who })
    for (const headers of [KEY, { 'api-key': GOOD }, { authorization: `Bearer ${GOOD}` }]) {
      const document = await read(send('GET', '/', headers))
      expect(document.version).toBe('1.2.3')
      const ollama = document.gateways.ollama
      expect(Object.entries(ollama?.model_mappings ?? {})).toEqual([
        ['__proto__', 'llama3:latest'],
        ['gpt-4', 'llama3:latest'],
        ['gpt-4o*', 'llama3:latest'],
        ['gpt-*', 'llama3:latest'],
      ])
      expect(ollama?.default_model).toBe('llama3:latest')
    }
  })

  test('is told no names of gateways that they may not use', async () => {
    const document = await read(createTestServer({ settingsOf })('GET', '/', KEY))
    expect(document.gateways.openai).toMatchObject({ model_mappings: {}, default_model: null })
  })

  test('who may not use the default model is not told that there is one', async () => {
    const who = principal({ models: [(name) => name === 'secret:latest'] })
    const document = await read(createTestServer({ settingsOf, who })('GET', '/', KEY))
    expect(document.gateways.ollama).toMatchObject({
      model_mappings: { inner: 'secret:latest' },
      default_model: null,
    })
  })

  test('is told of models elsewhere only with cloud:use', async () => {
    const isTold = async (...permissions: string[]) => {
      const who = principal({ permissions: new Set(['gateway:ollama', ...permissions]) })
      const text = await (await createTestServer({ settingsOf, who })('GET', '/', KEY)).text()
      return text.includes('big:cloud')
    }
    expect([await isTold(), await isTold('cloud:use')]).toEqual([false, true])
  })

  test.each([
    [['gateway:ollama', 'models:manage'], true],
    [['gateway:openai', 'models:manage'], false],
    [['gateway:ollama'], false],
  ])('and has %j sees how models are managed: %p', async (permissions, expected) => {
    const who = principal({ permissions: new Set(permissions) })
    const document = await read(createTestServer({ who })('GET', '/', KEY))
    const endpoints = document.gateways.ollama?.endpoints ?? []
    for (const endpoint of ['POST /ollama/api/pull', 'HEAD /ollama/api/blobs/{digest}']) {
      expect([endpoint, endpoints.includes(endpoint)]).toEqual([endpoint, expected])
    }
  })

  test('that is not good is refused, which the shield counts', async () => {
    const failures: unknown[] = []
    const send = createTestServer({
      clientAddress: () => '192.0.2.7',
      shield: {
        attempt: (address, _, authenticate) =>
          authenticate().catch((err) => {
            failures.push([address, err.code])
            throw err
          }),
      },
    })
    const bad = [{ 'x-api-key': 'bad' }, { authorization: 'Basic YTpi' }, { authorization: '' }]
    for (const headers of bad) {
      for (const path of ['/', '/status']) {
        const response = await send('GET', path, headers)
        expect(response.status).toBe(401)
        expect(response.headers.get('content-type')).toBe('application/problem+json')
        expect(response.headers.get('www-authenticate')).toContain('invalid_token')
      }
    }
    expect(failures).toEqual(Array(6).fill(['192.0.2.7', 'unauthorized']))
    const two = await send('GET', '/', { 'x-api-key': GOOD, 'api-key': 'bad' })
    expect(two.status).toBe(400)
  })

  test('that was revoked meanwhile is refused', async () => {
    const send = createTestServer({ isCurrent: () => false, reload: async () => null })
    expect((await send('GET', '/', KEY)).status).toBe(401)
    expect((await send('GET', '/status', KEY)).status).toBe(401)
  })
})
