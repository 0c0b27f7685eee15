import { afterAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { setStage } from '../support/gateway/stage.ts'

const THINKER = 'thinker:8b'
const OTHER = 'other:3b'

const stage = await setStage({
  ollama: {
    models: [
      { name: THINKER, capabilities: ['completion', 'thinking'] },
      { name: OTHER, capabilities: ['completion'] },
    ],
  },
})
afterAll(() => stage[Symbol.asyncDispose]())

const { key } = await stage.gateway.user({ roles: ['premium'] })
const client = new Anthropic({ baseURL: `${stage.gateway.url}/anthropic`, apiKey: key })

const lastSent = () => stage.ollama.calls('/api/chat').at(-1)?.json() as object

describe("Anthropic's client, which says nothing of thinking", () => {
  const asked = (model: string) => ({
    model,
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: 'hi' }],
  })

  test('finds the answer in the first block, though the model can think', async () => {
    const expected = { type: 'text', text: `Hello from ${THINKER}, a fake model.` }
    const whole = await client.messages.create(asked(THINKER))
    const streamed = await client.messages.stream(asked(THINKER)).finalMessage()
    for (const { content } of [whole, streamed]) expect(content).toMatchObject([expected])
    expect(lastSent()).toMatchObject({ think: false })
  })

  test('has a model that can not think told nothing of it', async () => {
    await client.messages.create(asked(OTHER))
    expect(lastSent()).not.toHaveProperty('think')
  })

  test('has one think that it asks to, as far as it likes', async () => {
    const thinking = { type: 'adaptive' as const }
    const { content } = await client.messages.create({ ...asked(THINKER), thinking })
    expect(content.map(({ type }) => type)).toEqual(['thinking', 'text'])
    expect(lastSent()).not.toHaveProperty('think')
  })
})
