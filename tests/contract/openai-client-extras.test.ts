import { afterAll, describe, expect, test } from 'bun:test'
import type OpenAI from 'openai'
import { BadRequestError } from 'openai'
import { MODEL, setStage } from '../support/gateway/stage.ts'
import { lastSent } from './clients/last-sent.ts'
import { openAiOf } from './clients/openai-chat.ts'
import { setClientStage, THINKER } from './clients/stage.ts'
import { thrownBy } from './clients/thrown-by.ts'

const stage = await setClientStage()
afterAll(() => stage[Symbol.asyncDispose]())

const client = openAiOf({ url: stage.gateway.url, key: stage.user.key, retries: 0 })
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'hi' }]

/** Both ways of asking for a chat with these fields, which not all of them are the client's own. */
const chats = (change: object) => [
  () =>
    client.chat.completions.create({ messages, ...change } as OpenAI.ChatCompletionCreateParams),
  () =>
    client.responses.create({ input: 'hi', ...change } as OpenAI.Responses.ResponseCreateParams),
]

describe("OpenAI's client, which sends an effort to every model,", () => {
  const effort = { reasoning_effort: 'high', reasoning: { effort: 'high' } }

  test('is answered by one that can not think, which is not told of it', async () => {
    for (const ask of chats({ model: MODEL, ...effort })) {
      await ask()
      expect(lastSent(stage)).not.toHaveProperty('think')
    }
  })

  test('has one think that can', async () => {
    for (const ask of chats({ model: THINKER, ...effort })) {
      await ask()
      expect(lastSent(stage)).toMatchObject({ think: 'high' })
    }
  })

  test('hears from Ollama what it says of thinking in the words of Ollama', async () => {
    for (const ask of chats({ model: MODEL, ...effort, think: true })) {
      const thrown = await thrownBy(ask)
      expect(thrown).toBeInstanceOf(BadRequestError)
      expect(thrown).toMatchObject({
        message: expect.stringContaining('does not support thinking'),
      })
    }
  })
})

describe('a completion by a model that thinks', () => {
  const complete = async (change: object = {}) => {
    const asked = { model: THINKER, prompt: 'hi', ...change }
    const { choices, usage } = await client.completions.create(asked)
    const sent = stage.ollama.calls('/api/generate').at(-1)?.json() as Record<string, unknown>
    return { text: choices[0]?.text, tokens: usage?.completion_tokens, think: sent.think }
  }

  test('is not thought about, so that all that it may take is said', async () => {
    const text = `Hello from ${THINKER}, a fake model.`
    expect(await complete()).toEqual({ text, tokens: 7, think: false })
  })

  test('is thought about where that is asked for', async () => {
    expect(await complete({ think: true })).toMatchObject({ tokens: 9, think: true })
  })

  test('is told nothing of it when it is made by another', async () => {
    expect(await complete({ model: MODEL })).toMatchObject({ think: undefined })
  })
})

describe('embeddings', () => {
  const asked = { model: MODEL, input: 'hi', options: { num_ctx: 512 }, keep_alive: '5m' }
  const sent = { options: { num_ctx: 512 }, keep_alive: '5m' }

  test('take what Ollama has beyond OpenAI, from those who may ask for it', async () => {
    await using own = await setStage()
    const admin = await own.gateway.administrator()
    await openAiOf({ url: own.gateway.url, key: admin.key, retries: 0 }).embeddings.create(asked)
    expect(own.ollama.calls('/api/embed').at(-1)?.json()).toMatchObject(sent)
  })

  test('take no more of it from others than they may ask for', async () => {
    await client.embeddings.create(asked)
    const left = stage.ollama.calls('/api/embed').at(-1)?.json()
    expect(left).toMatchObject({ options: {} })
    expect(left).not.toHaveProperty('keep_alive')
    await using own = await setClientStage({ callerFields: ['keep_alive'], maxContextTokens: 512 })
    const { key } = own.user
    const opened = openAiOf({ url: own.gateway.url, key, retries: 0 })
    await opened.embeddings.create({ ...asked, options: { num_ctx: 9000 } } as typeof asked)
    expect(own.ollama.calls('/api/embed').at(-1)?.json()).toMatchObject(sent)
  })

  test('are refused with the field of an option that makes no sense', async () => {
    const thrown = await thrownBy(() =>
      client.embeddings.create({
        ...asked,
        options: { num_ctx: 'all' },
      } as unknown as typeof asked),
    )
    expect(thrown).toMatchObject({ status: 400, param: 'options.num_ctx' })
  })
})
