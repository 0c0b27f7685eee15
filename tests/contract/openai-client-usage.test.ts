import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import type OpenAI from 'openai'
import { chatDone, generateDone } from '../support/fake-ollama/records.ts'
import { respond } from '../support/fake-ollama/script.ts'
import type { TestUser } from '../support/gateway/people.ts'
import { MODEL } from '../support/gateway/stage.ts'
import { openAiOf } from './clients/openai-chat.ts'
import { setClientStage } from './clients/stage.ts'

const stage = await setClientStage()
afterAll(() => stage[Symbol.asyncDispose]())

const TEXT = 'how many tokens are these?'
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: TEXT }]
const NONSENSE = { prompt_eval_count: -3, eval_count: 1.5 }

let user: TestUser
let client: OpenAI
beforeEach(async () => {
  user = await stage.gateway.user({ roles: ['premium'] })
  client = openAiOf({ url: stage.gateway.url, key: user.key, retries: 0 })
})

/** What the ledger has of the one request that was made. */
async function accounted(): Promise<[prompt: number, completion: number]> {
  const rows = await stage.gateway.usageOf(user)
  expect(rows).toHaveLength(1)
  return (
    rows.map((row): [number, number] => [row.prompt_tokens, row.completion_tokens])[0] ?? [0, 0]
  )
}

/** The next answer from there counts nothing, or says nonsense of it. */
const answer = (path: string, document: object) =>
  stage.ollama.once(path, respond(200, 'application/json', JSON.stringify(document)))

/** The same as a caller is told it; the prompt is never for nothing. */
async function accountedUsage() {
  const [prompt_tokens, completion_tokens] = await accounted()
  expect(prompt_tokens).toBePositive()
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
}

describe.each([
  ['nothing', {}],
  ['nonsense', NONSENSE],
])("OpenAI's client learns what the ledger has when Ollama counts %s", (_, counts) => {
  test('for a chat', async () => {
    answer('/api/chat', { ...chatDone(MODEL, {}, 'so'), ...counts })
    const { usage } = await client.chat.completions.create({ model: MODEL, messages })
    expect(usage).toEqual(await accountedUsage())
  })

  test('for a completion', async () => {
    answer('/api/generate', { ...generateDone(MODEL, {}, 'so'), ...counts })
    const { usage } = await client.completions.create({ model: MODEL, prompt: TEXT })
    expect(usage).toEqual(await accountedUsage())
  })

  test('for a response', async () => {
    answer('/api/chat', { ...chatDone(MODEL, {}, 'so'), ...counts })
    const { usage } = await client.responses.create({ model: MODEL, input: TEXT })
    const [prompt, completion] = await accounted()
    expect(prompt).toBePositive()
    expect(usage).toMatchObject({ input_tokens: prompt, output_tokens: completion })
  })

  test('for embeddings', async () => {
    answer('/api/embed', { model: MODEL, embeddings: [[1, 0]], ...counts })
    const asked = { model: MODEL, input: TEXT, encoding_format: 'float' as const }
    const { usage } = await client.embeddings.create(asked)
    const [prompt] = await accounted()
    expect(prompt).toBePositive()
    expect(usage).toEqual({ prompt_tokens: prompt, total_tokens: prompt })
  })
})

describe("OpenAI's client, which asks for what was used at the end of a stream,", () => {
  const streamed = { model: MODEL, stream: true, stream_options: { include_usage: true } } as const

  test('finds in every other chunk of a chat that it has none', async () => {
    const usages: unknown[] = []
    for await (const chunk of await client.chat.completions.create({ ...streamed, messages })) {
      usages.push(chunk.usage)
    }
    expect(usages.slice(0, -1)).toEqual(Array(usages.length - 1).fill(null))
    expect(usages.at(-1)).toEqual({ prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 })
  })

  test('finds the same in those of a completion', async () => {
    const usages: unknown[] = []
    for await (const { usage } of await client.completions.create({ ...streamed, prompt: TEXT })) {
      usages.push(usage)
    }
    expect(usages.slice(0, -1)).toEqual(Array(usages.length - 1).fill(null))
    expect(usages.at(-1)).toEqual({ prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 })
  })
})
