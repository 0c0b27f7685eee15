import { expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { MODEL, setStage } from '../support/gateway/stage.ts'

const OTHERS = ['thinker:8b', 'mine/tiny:1b']

test("Anthropic's client lists the models, page by page if it likes, and finds each", async () => {
  const models = [
    { name: 'thinker:8b', modifiedAt: 3000, contextLength: 40_960 },
    { name: MODEL, modifiedAt: 2000, contextLength: 131_072 },
    { name: 'mine/tiny:1b', modifiedAt: 1000, contextLength: 0 },
  ]
  await using stage = await setStage({ ollama: { models } })
  const { key } = await stage.gateway.user({ roles: ['premium'] })
  const client = new Anthropic({ baseURL: `${stage.gateway.url}/anthropic`, apiKey: key })
  const names = models.map(({ name }) => name)
  for (const limit of [1, 2, 3]) {
    const ids: string[] = []
    for await (const { id } of client.models.list({ limit })) ids.push(id)
    expect(ids).toEqual(names)
  }
  const { data, has_more } = await client.models.list()
  expect({ data, has_more }).toMatchObject({
    data: models.map(({ name, modifiedAt, contextLength }) => ({
      type: 'model',
      id: name,
      display_name: name,
      created_at: new Date(modifiedAt).toISOString(),
      lifecycle: 'active',
      max_input_tokens: contextLength || null,
      max_tokens: null,
    })),
    has_more: false,
  })
  for (const id of names) expect(await client.models.retrieve(id)).toMatchObject({ id })
  const missing = client.models.retrieve('nothing')
  expect(await missing.catch((err: unknown) => err)).toBeInstanceOf(Anthropic.NotFoundError)
})

test("Anthropic's client sees only the models that its user may use", async () => {
  await using stage = await setStage({ ollama: { models: [MODEL, ...OTHERS] } })
  const role = await stage.gateway.role({ permissions: ['gateway:anthropic'], models: [MODEL] })
  const { key } = await stage.gateway.user({ roles: [role] })
  const client = new Anthropic({ baseURL: `${stage.gateway.url}/anthropic`, apiKey: key })
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual([MODEL])
  const hidden = client.models.retrieve('thinker:8b')
  expect(await hidden.catch((err: unknown) => err)).toBeInstanceOf(Anthropic.NotFoundError)
})
