import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI, { BadRequestError, NotFoundError, RateLimitError } from 'openai'
import { limit } from '../support/gateway/limits.ts'
import { MODEL } from '../support/gateway/stage.ts'
import { answering, moodOf } from './clients/moods.ts'
import { openAiOf } from './clients/openai-chat.ts'
import { CALL, WEATHER } from './clients/questions.ts'
import { setClientStage } from './clients/stage.ts'
import { thrownBy } from './clients/thrown-by.ts'
import { refused } from './clients/until-refused.ts'

const stage = await setClientStage()
afterAll(() => stage[Symbol.asyncDispose]())

const { url } = stage.gateway
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'hi' }]
let client: OpenAI
beforeEach(() => {
  client = openAiOf({ url, key: stage.user.key, retries: 0 })
})

describe("OpenAI's client", () => {
  test('has the same vectors in base64, as it asks for them unasked, as in numbers', async () => {
    const asked = { model: MODEL, input: ['Grüße', 'a 🦙'] }
    const unasked = await client.embeddings.create(asked)
    const numbers = await client.embeddings.create({ ...asked, encoding_format: 'float' })
    expect(unasked).toEqual(numbers)
    expect(unasked.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 })
    const base64 = await client.embeddings.create({ ...asked, encoding_format: 'base64' })
    expect(base64.data[0]?.embedding).toBeString()
    const short = await client.embeddings.create({ ...asked, dimensions: 3 })
    expect(short.data.map(({ embedding }) => embedding.length)).toEqual([3, 3])
  })

  test.each([MODEL, 'hf.co/someone/small:Q4_K_M'])('finds %s by its name', async (name) => {
    const model = await client.models.retrieve(name)
    expect(model).toMatchObject({ id: name, object: 'model', created: expect.any(Number) })
  })

  test('is told of a model that is not there, with the id of the request', async () => {
    const thrown = await thrownBy(() => client.models.retrieve('someone/nothing'))
    expect(thrown).toBeInstanceOf(NotFoundError)
    expect(thrown).toMatchObject({
      message: "404 model 'someone/nothing' not found",
      code: 'model_not_found',
      param: 'model',
      requestID: expect.stringMatching(/^[\w-]{36}$/),
    })
  })

  test("finds the same at Ollama's address, of which it makes /v1", async () => {
    const native = new OpenAI({ baseURL: `${url}/ollama/v1`, apiKey: stage.user.key })
    const { data } = await native.models.list()
    expect(data.map(({ id }) => id)).toContain(MODEL)
    const { choices } = await native.chat.completions.create({ model: MODEL, messages })
    expect(choices[0]?.message.content).toStartWith('Hello')
    const missing = () => native.chat.completions.create({ model: 'nothing', messages })
    expect(await thrownBy(missing)).toBeInstanceOf(NotFoundError)
  })

  test('puts a stream together', async () => {
    const stream = client.chat.completions.stream({ model: MODEL, messages })
    expect(await stream.finalContent()).toBe(`Hello from ${MODEL}, a fake model.`)
    expect(await stream.finalChatCompletion()).toMatchObject({
      choices: [{ finish_reason: 'stop', message: { role: 'assistant' } }],
    })
  })

  test.each([false, true])('runs tools by itself (stream: %p)', async (stream) => {
    stage.ollama.once('/api/chat', answering(moodOf({ calls: [CALL] }), '/api/chat'))
    stage.ollama.once('/api/chat', answering(moodOf({ text: 'It rains.' }), '/api/chat'))
    const asked: unknown[] = []
    const { name, description, parameters } = WEATHER
    const weather = (input: object) => {
      asked.push(input)
      return 'rain'
    }
    const tool = { name, description, parameters, parse: JSON.parse, function: weather }
    const tools = [{ type: 'function' as const, function: tool }]
    const { completions } = client.chat
    const runner = stream
      ? completions.runTools({ model: MODEL, messages, tools, stream })
      : completions.runTools({ model: MODEL, messages, tools })
    expect(await runner.finalContent()).toBe('It rains.')
    expect(asked).toEqual([CALL.input])
    expect(stage.ollama.calls('/api/chat').at(-1)?.json()).toMatchObject({
      messages: [{}, {}, { role: 'tool', tool_name: 'weather', content: 'rain' }],
    })
  })

  test('is told where in the body something can not be read', async () => {
    const image = {
      type: 'image_url',
      image_url: { url: 'https://example.com/llama.png' },
    } as const
    const seen: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: [{ type: 'text', text: 'what is it?' }, image] },
    ]
    const { completions } = client.chat
    const thrown = await thrownBy(() => completions.create({ model: MODEL, messages: seen }))
    expect(thrown).toBeInstanceOf(BadRequestError)
    expect(thrown).toMatchObject({
      param: 'messages[0].content[1].image_url.url',
      message: expect.stringContaining('images are not fetched'),
    })
  })

  test('does not try again at a limit that takes hours to refill', async () => {
    await using own = await setClientStage()
    await limit(own, 'requests per day', 1, { gateway: 'openai' })
    const patient = openAiOf({ url: own.gateway.url, key: own.user.key, retries: 5 })
    const ask = () => patient.chat.completions.create({ model: MODEL, messages })
    await ask()
    const thrown = await thrownBy(ask)
    expect(thrown).toBeInstanceOf(RateLimitError)
    expect(thrown).toMatchObject({
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('limit reached: 1 request per day through openai'),
    })
    expect(refused(own, 429)).toBe(1)
  })
})
