import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { Ollama } from 'ollama'
import { chatChunk, chatDone, toolCall } from '../support/fake-ollama/records.ts'
import { stream } from '../support/fake-ollama/script.ts'
import type { TestUser } from '../support/gateway/people.ts'
import { CHAT, MODEL, setStage } from '../support/gateway/stage.ts'

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5='

const stage = await setStage({
  ollama: {
    models: [
      { name: MODEL, capabilities: ['completion', 'tools', 'vision', 'embedding'] },
      { name: 'thinker:8b', capabilities: ['completion', 'thinking'] },
    ],
    registry: ['tiny:latest'],
  },
})
afterAll(() => stage[Symbol.asyncDispose]())

const clientOf = ({ key }: TestUser) =>
  new Ollama({
    host: `${stage.gateway.url}/ollama`,
    headers: { authorization: `Bearer ${key}` },
  })

let user: TestUser
let client: Ollama
beforeEach(async () => {
  user = await stage.gateway.user()
  client = clientOf(user)
})

async function lastSent(path: string): Promise<Record<string, unknown>> {
  return stage.ollama.calls(path).at(-1)?.json() as Record<string, unknown>
}

describe("Ollama's own client, pointed at /ollama", () => {
  test('chats in one piece', async () => {
    const answer = await client.chat({ ...CHAT, messages: [...CHAT.messages] })
    expect(answer.message.content).toBe(`Hello from ${MODEL}, a fake model.`)
    expect(answer).toMatchObject({ done: true, prompt_eval_count: 1, eval_count: 7 })
  })

  test('streams a chat', async () => {
    const words: string[] = []
    const chat = { model: 'llama3.2:3b', messages: [...CHAT.messages] }
    for await (const { message } of await client.chat({ ...chat, stream: true })) {
      words.push(message.content)
    }
    expect(words).toEqual(['Hello', ' from', ` ${MODEL},`, ' a', ' fake', ' model.', ''])
  })

  test('completes a prompt, in one piece and streamed', async () => {
    const whole = await client.generate({ model: MODEL, prompt: 'hi' })
    expect(whole.response).toStartWith('Hello')
    let text = ''
    const answer = await client.generate({ model: MODEL, prompt: 'hi', stream: true })
    for await (const { response } of answer) text += response
    expect(whole.response).toBe(text)
  })

  test('makes embeddings, the old way too', async () => {
    const input = ['a', 'b c']
    const { embeddings, prompt_eval_count } = await client.embed({ model: MODEL, input })
    expect(embeddings).toHaveLength(2)
    expect(prompt_eval_count).toBePositive()
    const { embedding } = await client.embeddings({ model: MODEL, prompt: 'a' })
    expect(embedding.length).toBePositive()
  })

  test('lists, shows and asks what runs', async () => {
    const { models } = await client.list()
    expect(models.map(({ name }) => name)).toContainAllValues([MODEL, 'thinker:8b'])
    expect((await client.show({ model: MODEL })).capabilities).toContain('tools')
    await client.generate({ model: MODEL, prompt: 'hi' })
    expect((await client.ps()).models.map(({ name }) => name)).toContain(MODEL)
    expect(await client.version()).toEqual({ version: '0.32.15' })
  })

  test('sees a model think', async () => {
    const { message } = await client.chat({
      model: 'thinker:8b',
      messages: [...CHAT.messages],
      think: true,
    })
    expect(message).toMatchObject({ thinking: 'Let me think.', content: expect.any(String) })
    expect(await lastSent('/api/chat')).toMatchObject({ think: true })
  })

  test('has tools called, and hands back what they said', async () => {
    const tools = [
      {
        type: 'function',
        function: {
          name: 'weather',
          description: 'the weather in a city',
          parameters: {
            type: 'object',
            required: ['city'],
            properties: { city: { type: 'string', description: 'where' } },
          },
        },
      },
    ]
    const call = toolCall(0, 'weather', { city: 'Łódź' })
    stage.ollama.once(
      '/api/chat',
      stream([chatChunk(MODEL, { tool_calls: [call] }), chatDone(MODEL, { tokens: 9 })]),
    )
    const calls: unknown[] = []
    const asked = { model: MODEL, messages: [...CHAT.messages], tools }
    for await (const { message } of await client.chat({ ...asked, stream: true })) {
      calls.push(...(message.tool_calls ?? []))
    }
    expect(calls).toEqual([call])
    const messages = [
      ...CHAT.messages,
      { role: 'assistant', content: '', tool_calls: [call] },
      { role: 'tool', content: 'rain', tool_name: 'weather' },
    ]
    await client.chat({ model: MODEL, messages, tools })
    expect(await lastSent('/api/chat')).toMatchObject({ messages, tools })
  })

  test('sends images, and asks for an answer of a given shape', async () => {
    const format = { type: 'object', properties: { colour: { type: 'string' } } }
    const messages = [{ role: 'user', content: 'which colour?', images: [PIXEL] }]
    await client.chat({ model: MODEL, messages, format })
    expect(await lastSent('/api/chat')).toMatchObject({ messages, format })
    await client.generate({ model: MODEL, prompt: 'hi', images: [PIXEL], format: 'json' })
    expect(await lastSent('/api/generate')).toMatchObject({ images: [PIXEL], format: 'json' })
  })

  test('lets an administrator pull, copy, create, push and delete models', async () => {
    const admin = clientOf(await stage.gateway.administrator())
    expect((await admin.pull({ model: 'tiny' })).status).toBe('success')
    const statuses: string[] = []
    for await (const { status } of await admin.pull({ model: 'tiny', stream: true })) {
      statuses.push(status)
    }
    expect(statuses.at(0)).toBe('pulling manifest')
    expect(statuses.at(-1)).toBe('success')
    await admin.copy({ source: 'tiny', destination: 'mine/tiny' })
    const created = await admin.create({ model: 'pirate', from: 'tiny', system: 'Arr' })
    expect(created.status).toBe('success')
    expect((await admin.push({ model: 'mine/tiny' })).status).toBe('success')
    const names = async () => (await admin.list()).models.map(({ name }) => name)
    expect(await names()).toContain('pirate:latest')
    for (const model of ['tiny', 'mine/tiny', 'pirate']) await admin.delete({ model })
    expect(await names()).not.toContain('pirate:latest')
  })
})
