import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const STUB = 'gpt-oss:20b-cloud'
const NAMES = [
  'gpt-oss:cloud',
  'gpt-oss:20b:cloud',
  'GPT-OSS:20B-CLOUD',
  ' gpt-oss:120b-cloud ',
  'llama3.2:3b:CLOUD',
  'llama3.2:cloud',
  'library/gpt-oss:20b-cloud',
  'registry.ollama.ai/library/gpt-oss:120b-Cloud',
]

const stage = await setStage({ ollama: { models: [MODEL, STUB] } })
afterAll(() => stage[Symbol.asyncDispose]())

let manager: TestUser
let traveller: TestUser
beforeAll(async () => {
  const manages = await stage.gateway.role({ permissions: ['gateway:ollama', 'models:manage'] })
  const travels = await stage.gateway.role({ permissions: ['gateway:ollama', 'cloud:use'] })
  manager = await stage.gateway.user({ roles: [manages] })
  traveller = await stage.gateway.user({ roles: [travels] })
})

const namesIn = async (path: string, as: TestUser): Promise<string[]> => {
  const { models } = (await (await stage.get(path, { as })).json()) as {
    models: { name: string }[]
  }
  return models.map(({ name }) => name)
}

describe('a model that runs on ollama.com', () => {
  test.each(NAMES)(
    '%p does not exist without cloud:use, and Ollama is not asked',
    async (model) => {
      const requests: [string, string, object][] = [
        ['POST', '/api/chat', { ...CHAT, model }],
        ['POST', '/api/generate', { model, prompt: 'hi' }],
        ['POST', '/api/embed', { model, input: 'hi' }],
        ['POST', '/api/embeddings', { model, prompt: 'hi' }],
        ['POST', '/api/show', { model }],
        ['POST', '/api/pull', { model }],
        ['POST', '/api/push', { model }],
        ['POST', '/api/create', { model, from: MODEL }],
        ['POST', '/api/create', { model: 'mine', from: model }],
        ['POST', '/api/copy', { source: model, destination: 'mine' }],
        ['POST', '/api/copy', { source: MODEL, destination: model }],
        ['DELETE', '/api/delete', { model }],
      ]
      for (const [method, path, body] of requests) {
        const response = await stage.send(method, `/ollama${path}`, body, { as: manager })
        expect([path, response.status]).toEqual([path, 404])
        expect(await response.json()).toMatchObject({
          code: 'model_not_found',
          error: `model '${model}' not found`,
        })
      }
      expect(stage.asked()).toEqual([])
      expect(stage.ollama.cloudCalls).toEqual([])
    },
  )

  test('is listed only for those who may use it', async () => {
    for (const path of ['/ollama/api/tags', '/ollama/v1/tags', '/ollama/v1/models']) {
      expect(await namesIn(path, stage.user)).toEqual([MODEL])
      expect(await namesIn(path, traveller)).toContainAllValues([MODEL, STUB])
    }
  })

  test('reaches Ollama with cloud:use, and its sign-in link does not come back', async () => {
    const body = { ...CHAT, model: 'gpt-oss:120b-cloud' }
    const response = await stage.post('/ollama/api/chat', body, { as: traveller })
    expect(stage.ollama.cloudCalls).toHaveLength(1)
    expect(response.status).toBe(502)
    expect(await response.text()).not.toMatch(/signin|ollama\.com/)
    expect(await stage.gateway.usageOf(traveller)).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ model: 'gpt-oss:120b-cloud' })]),
    )
  })
})
