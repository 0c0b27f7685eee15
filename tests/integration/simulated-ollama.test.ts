import { afterEach, expect, test } from 'bun:test'
import { Ollama } from 'ollama'
import {
  type SimulatedOllama,
  type SimulatedOllamaOptions,
  startSimulatedOllama,
} from '../../cli/demo/simulated-ollama.ts'
import { EventQueue } from '../support/fake-ollama/event-queue.ts'

const model = 'llama3.2:3b'
const messages = [{ role: 'user', content: 'Why is the sky blue?' }]
const running: SimulatedOllama[] = []

afterEach(async () => {
  for (const simulation of running.splice(0)) await simulation.stop()
})

async function start(options: SimulatedOllamaOptions = { pace: async () => {} }) {
  const simulation = await startSimulatedOllama(options)
  running.push(simulation)
  return { simulation, client: new Ollama({ host: simulation.url }) }
}

test('streams a chat token by token, names the question, and counts the tokens it sent', async () => {
  const { client } = await start()
  const parts = await Array.fromAsync(await client.chat({ model, messages, stream: true }))
  const text = parts.map((part) => part.message.content).join('')
  expect(text).toStartWith('This is a simulated answer')
  expect(text).toContain('“Why is the sky blue?”')
  const last = parts.at(-1)
  expect(last).toMatchObject({ done: true, done_reason: 'stop', prompt_eval_count: 5 })
  expect(last?.eval_count).toBe(parts.length - 1)
  expect(last?.total_duration).toBeGreaterThan(0)
})

test('answers in one piece when the client does not want a stream', async () => {
  const { client } = await start()
  const chat = await client.chat({ model, messages, stream: false })
  expect(chat.message.content).toContain('simulated')
  const generated = await client.generate({ model, prompt: 'hi', stream: false })
  expect(generated).toMatchObject({ done: true, done_reason: 'stop', prompt_eval_count: 1 })
  expect(generated.response).toContain('“hi”')
})

test('produces no more tokens than num_predict allows', async () => {
  const { client } = await start()
  const options = { num_predict: 4 }
  const answer = await client.generate({ model, prompt: 'hi', stream: false, options })
  expect(answer).toMatchObject({ response: 'This is a simulated', eval_count: 4 })
  expect(answer.done_reason).toBe('length')
})

test('lists its one model, shows it, keeps it loaded, and loads on an empty prompt', async () => {
  const { client, simulation } = await start()
  expect((await client.list()).models.map(({ name }) => name)).toEqual([model])
  expect((await client.ps()).models[0]?.expires_at).toBeString()
  expect((await client.show({ model })).capabilities).toEqual(['completion'])
  expect((await client.version()).version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(await client.generate({ model, prompt: '' })).toBeDefined()
  expect(await (await fetch(simulation.url)).text()).toBe('Ollama is running')
})

test('embeds the same text to the same vector of length 1', async () => {
  const { client } = await start()
  const { embeddings } = await client.embed({ model, input: ['one', 'two', 'one'] })
  const [one = [], two = [], again = []] = embeddings
  expect(again).toEqual(one)
  expect(two).not.toEqual(one)
  expect(Math.hypot(...one)).toBeCloseTo(1, 9)
})

test('refuses a model it does not have with the words of Ollama', async () => {
  const { client } = await start()
  const unknown = client.chat({ model: 'llama9', messages })
  await expect(unknown).rejects.toMatchObject({
    status_code: 404,
    error: "model 'llama9' not found",
  })
})

test('stops producing when the client leaves', async () => {
  const paces = new EventQueue<() => void>()
  let asked = 0
  const pace = () => {
    const step = Promise.withResolvers<void>()
    asked++
    paces.push(step.resolve)
    return step.promise
  }
  const { client } = await start({ pace })
  const stream = await Promise.all([
    client.chat({ model, messages, stream: true }),
    paces.next().then((step) => step()),
  ]).then(([parts]) => parts)
  for await (const _ of stream) break
  client.abort()
  const limit = 10
  for (let before = 0; before < asked && asked < limit; ) {
    before = asked
    ;(await paces.next())()
    await client.version()
  }
  expect(asked).toBeLessThan(limit)
})

test('says so when its port is taken', async () => {
  const { simulation } = await start()
  const port = Number(new URL(simulation.url).port)
  await expect(startSimulatedOllama({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
