import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import type { DiscoveryDocument } from '../../../app/health/discovery-document.ts'
import { TESTER } from '../../support/builders.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { MODEL, type Sending, setStage } from '../../support/gateway/stage.ts'

const LIMIT = 3
const SECRET = 'secret:7b'

const stage = await setStage({
  ollama: { models: [MODEL, SECRET] },
  settings: { trustedProxies: ['127.0.0.1'], failedAuthPerMinute: LIMIT },
})
const { gateway } = stage
afterAll(() => stage[Symbol.asyncDispose]())

const discover = async (sending: Sending): Promise<DiscoveryDocument> => {
  const response = await stage.get('/', sending)
  expect(response.status).toBe(200)
  return (await response.json()) as DiscoveryDocument
}

let limited: TestUser
beforeAll(async () => {
  const setMappings = [
    { alias: 'gpt-4', model: MODEL },
    { alias: 'inner', model: SECRET },
  ]
  const changes = { setMappings, defaultModel: SECRET }
  await gateway.admin.gateways.configure(TESTER, 'openai', changes)
  await gateway.admin.gateways.configure(TESTER, 'anthropic', { setMappings })
  const permissions = ['gateway:openai', 'gateway:ollama']
  limited = await gateway.user({ roles: [await gateway.role({ permissions, models: [MODEL] })] })
})

describe('the root, over a socket,', () => {
  test('names no model to strangers, in either form', async () => {
    for (const accept of ['*/*', 'text/html']) {
      const response = await stage.get('/', { as: null, headers: { accept } })
      expect(response.status).toBe(200)
      expect(await response.text()).not.toMatch(/llama3|secret|gpt-4|inner/)
    }
  })

  test('tells who shows a key of the models of their role and the gateways that they may use', async () => {
    const { gateways, version } = await discover({ as: limited })
    expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(gateways.openai).toMatchObject({ model_mappings: { 'gpt-4': MODEL } })
    expect(gateways.openai?.default_model).toBeNull()
    expect(gateways.anthropic).toMatchObject({ model_mappings: {}, default_model: null })
    const all = await discover({ as: await gateway.administrator() })
    expect(all.gateways.openai).toMatchObject({
      model_mappings: { 'gpt-4': MODEL, inner: SECRET },
      default_model: SECRET,
    })
    expect(all.gateways.anthropic).toMatchObject({ model_mappings: { inner: SECRET } })
    expect(all.gateways.ollama?.endpoints).toContain('DELETE /ollama/api/delete')
  })

  test('lists only endpoints that are there', async () => {
    const { gateways } = await discover({ as: await gateway.administrator() })
    const nobody = await gateway.user({ roles: [] })
    const endpoints = Object.values(gateways).flatMap((found) => found.endpoints)
    expect(new Set(endpoints).size).toBe(endpoints.length)
    for (const endpoint of endpoints) {
      const [method = '', path = ''] = endpoint.split(' ')
      const filled = path.replace('{id}', MODEL).replace('{digest}', `sha256:${'0'.repeat(64)}`)
      const response = await stage.get(filled, { as: nobody, method })
      expect([endpoint, response.status]).toEqual([endpoint, 403])
    }
  })

  test('shows that a gateway was switched off, and on again', async () => {
    const stateOf = async () => (await discover({ as: limited })).gateways.anthropic?.status
    expect(await stateOf()).toBe('active')
    await gateway.admin.gateways.toggle(TESTER, 'anthropic', false)
    // It is another process that switches it: this one sees that when it next looks.
    while ((await stateOf()) !== 'disabled') await Bun.sleep(20)
    const page = await stage.get('/', { as: null, headers: { accept: 'text/html' } })
    expect(await page.text()).toContain('switched off')
    await gateway.admin.gateways.toggle(TESTER, 'anthropic', true)
    while ((await stateOf()) !== 'active') await Bun.sleep(20)
  })

  test('refuses bad keys, shuts out who shows too many, and still tells them what strangers may know', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.5' }
    const statusOf = async (path: string, key?: string) => {
      const sent = { ...headers, ...(key && { 'x-api-key': key }) }
      return (await stage.get(path, { as: null, headers: sent })).status
    }
    for (let i = 0; i < LIMIT; i++)
      expect(await statusOf(i % 2 ? '/status' : '/', 'junk')).toBe(401)
    for (const path of ['/', '/status', '/ollama/api/tags']) {
      expect([path, await statusOf(path, 'junk')]).toEqual([path, 429])
    }
    expect([await statusOf('/'), await statusOf('/status')]).toEqual([200, 200])
  })

  test('reads the rights of a key anew: one that was revoked is refused', async () => {
    const gone = await gateway.user()
    await discover({ as: gone })
    await gateway.admin.keys.revoke(TESTER, gone.keyId)
    let response = await stage.get('/', { as: gone })
    while (response.status === 200) response = await stage.get('/', { as: gone })
    expect(response.status).toBe(401)
  })
})

describe('the addresses on the page', () => {
  const messages = [{ role: 'user' as const, content: 'hi' }]
  let text = ''
  beforeAll(async () => {
    const response = await stage.get('/', { as: null, headers: { accept: 'text/html' } })
    text = await response.text()
  })
  const found = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? 'it is not there'

  test('work with the client of OpenAI', async () => {
    const baseURL = found(/OPENAI_BASE_URL=(\S+)/)
    const client = new OpenAI({ baseURL, apiKey: limited.key })
    const answer = await client.chat.completions.create({ model: 'gpt-4', messages })
    expect(answer.choices[0]?.message.content).toStartWith('Hello')
  })

  test('work with the client of Anthropic', async () => {
    const baseURL = found(/ANTHROPIC_BASE_URL=(\S+)/)
    const client = new Anthropic({ baseURL, apiKey: (await gateway.administrator()).key })
    const asked = { model: MODEL, messages, max_tokens: 100 }
    expect((await client.messages.create(asked)).content[0]).toMatchObject({ type: 'text' })
  })

  test('work with the client of Ollama', async () => {
    const host = found(/host: &#39;(\S+)&#39;/)
    const client = new Ollama({ host, headers: { Authorization: `Bearer ${limited.key}` } })
    expect((await client.chat({ model: MODEL, messages })).message.content).toStartWith('Hello')
  })
})
