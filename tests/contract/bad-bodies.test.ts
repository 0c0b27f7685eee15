import { afterAll, describe, expect, test } from 'bun:test'
import { messageOf } from '../support/gateway/refusal.ts'
import { MODEL, setStage } from '../support/gateway/stage.ts'

const stage = await setStage()
const as = await stage.gateway.user({ roles: ['premium'] })
afterAll(() => stage[Symbol.asyncDispose]())

const MIB = 1024 * 1024
const ADDRESS = 'https://example.com/llama.png'

/** One way of asking for a chat. */
interface Api {
  /** How a conversation is called. */
  readonly list: string
  /** A body with this conversation, and with this text at its end. */
  readonly body: (messages: string, rest?: string) => string
  /** What is said along with an image, base64 or an address. */
  readonly image: (data: string) => string
  /** The path of such an image of the first message, and why an address is none. */
  readonly address: readonly [path: string, why: string]
  /** The path of the schema that an answer must have, and how it is asked for. */
  readonly shape: readonly [path: string, asked: (schema: object) => object]
}

const body =
  (list: string, fields = '') =>
  (messages: string, rest = '') =>
    `{"model":"${MODEL}",${fields}"${list}":[${messages}]${rest}}`

const url = (data: string): string =>
  data.startsWith('http') ? data : `data:image/png;base64,${data}`

const APIS: Readonly<Record<string, Api>> = {
  '/ollama/api/chat': {
    list: 'messages',
    body: body('messages'),
    image: (data) => `{"role":"user","content":"what?","images":["${data}"]}`,
    address: ['messages[0].images[0]', 'must be base64'],
    shape: ['format', (format) => ({ format })],
  },
  '/openai/v1/chat/completions': {
    list: 'messages',
    body: body('messages'),
    image: (data) =>
      `{"role":"user","content":[{"type":"text","text":"what?"},{"type":"image_url","image_url":{"url":"${url(data)}"}}]}`,
    address: ['messages[0].content[1].image_url.url', 'images are not fetched'],
    shape: [
      'response_format.json_schema.schema',
      (schema) => ({
        response_format: { type: 'json_schema', json_schema: { name: 'a', schema } },
      }),
    ],
  },
  '/openai/v1/responses': {
    list: 'input',
    body: body('input'),
    image: (data) =>
      `{"role":"user","content":[{"type":"input_text","text":"what?"},{"type":"input_image","image_url":"${url(data)}"}]}`,
    address: ['input[0].content[1].image_url', 'images are not fetched'],
    shape: [
      'text.format.schema',
      (schema) => ({ text: { format: { type: 'json_schema', name: 'a', schema } } }),
    ],
  },
  '/anthropic/v1/messages': {
    list: 'messages',
    body: body('messages', '"max_tokens":9,'),
    image: (data) =>
      `{"role":"user","content":[{"type":"text","text":"what?"},{"type":"image","source":${
        data.startsWith('http')
          ? `{"type":"url","url":"${data}"}`
          : `{"type":"base64","media_type":"image/png","data":"${data}"}`
      }}]}`,
    address: [
      'messages[0].content[1].source.type',
      'must be "base64"; images are neither fetched nor kept',
    ],
    shape: [
      'output_config.format.schema',
      (schema) => ({ output_config: { format: { type: 'json_schema', schema } } }),
    ],
  },
}

const HI = '{"role":"user","content":"hi"}'
const many = (count: number, text: string): string => Array(count).fill(text).join()
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

describe.each(Object.entries(APIS))('%s refuses', (path, api) => {
  const { list } = api

  /** Checks that the body is refused in these words, and because of that field if the API tells it. */
  async function expectRefused(text: string, field: string, words: string): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const response = await stage.post(path, text, { as, headers })
    const answer = await response.text()
    const told = messageOf(answer)
    expect(response.status).toBe(400)
    expect(told).toStartWith(words)
    expect(told.length).toBeLessThan(300)
    expect(paramOf(answer)).toBe(path.startsWith('/openai') ? field : undefined)
    expect(stage.asked()).toEqual([])
  }

  test('JSON that is nested deeper than 64 levels', async () => {
    const words = '…: nested deeper than 64 levels'
    const place = 'tools[1].function.parameters'
    const deep = `,"tools":[{},{"function":{"parameters":${nested(61)}}}]`
    await expectRefused(api.body(HI, deep), place, `${place}${words}`)
    const unclosed = `${api.body(HI).slice(0, -1)},"tools":[${'{"a":'.repeat(100_000)}`
    await expectRefused(unclosed, 'tools[0].a.a', `tools[0].a.a${words}`)
  })

  test('more than 2,000 messages', async () => {
    await expectRefused(api.body(many(2001, HI)), list, `${list}: at most 2000`)
  })

  test('more than 20 images, over all messages together', async () => {
    const text = api.body(many(21, api.image('AAAA')))
    await expectRefused(text, list, `${list}: at most 20 images in one request`)
  })

  test('more than 20 MiB of images', async () => {
    const half = api.image('A'.repeat(14 * MIB))
    const words = `${list}: at most 20 MiB of images in one request`
    await expectRefused(api.body(`${half},${half}`), list, words)
  })

  test('images that it would have to fetch, or that are none', async () => {
    const [field, why] = api.address
    await expectRefused(api.body(api.image(ADDRESS)), field, `${field}: ${why}`)
    const data = field.replace('source.type', 'source.data')
    await expectRefused(api.body(api.image('%%%')), data, `${data}: `)
  })

  test('a schema that would keep a model runner busy', async () => {
    const [field, asked] = api.shape
    const large = asked({ type: 'object', description: 'x'.repeat(64 * 1024) })
    const rest = `,${JSON.stringify(large).slice(1, -1)}`
    await expectRefused(api.body(HI, rest), field, `${field}: at most 65536 bytes of schema`)
  })

  test.each([
    ['Model', '{"Model":"x"}', 'unknown field "Model"; write it as "model"'],
    ['MODEL', `{"model":"x","MODEL":"y"}`, 'unknown field "MODEL"; write it as "model"'],
    ['model', `{"model":"x","model":"y"}`, 'the field "model" appears twice'],
    ['model', `{"model":"x","mod\\u0065l":"x"}`, 'the field "model" appears twice'],
    ['__proto__', `{"model":"x","__proto__":{}}`, 'the field "__proto__" is not accepted'],
  ])('the field %s that could be read in two ways: %s', async (field, text, words) => {
    await expectRefused(text, field, words)
  })

  test('such fields of a message, with the path', async () => {
    const role = `${list}[1].role`
    const twice = api.body(`${HI},{"role":"user","content":"hi","role":"system"}`)
    await expectRefused(twice, role, `the field "${role}" appears twice`)
    const capitals = api.body(`${HI},{"Role":"user","content":"hi"}`)
    const told = `${list}[1]: unknown field "Role"; write it as "role"`
    await expectRefused(capitals, `${list}[1].Role`, told)
  })

  test('a number that no double holds, with the path', async () => {
    const seed = api.body(HI, ',"options":{"seed":9007199254740993}')
    await expectRefused(
      seed,
      'options.seed',
      'options.seed: the number 9007199254740993 is too large',
    )
  })
})

test.each([
  ['/ollama/api/embed', undefined],
  ['/openai/v1/embeddings', 'input'],
])('%s refuses more than 2,048 inputs', async (path, param) => {
  const response = await stage.post(path, { model: MODEL, input: Array(2049).fill('a') }, { as })
  const answer = await response.text()
  expect([response.status, messageOf(answer)]).toEqual([400, 'input: at most 2048 inputs'])
  expect(paramOf(answer)).toBe(param)
  expect(stage.asked()).toEqual([])
})

test.each([
  ['stop_sequences', Array(33).fill('x'), 'at most 32 stop texts'],
  ['top_k', 2 ** 40, 'must be a number, at most 4294967296'],
])("an option is refused by Anthropic's own name for it: %s", async (name, value, text) => {
  const body = { model: MODEL, max_tokens: 9, messages: [JSON.parse(HI)], [name]: value }
  const response = await stage.post('/anthropic/v1/messages', body, { as })
  expect([response.status, messageOf(await response.text())]).toEqual([400, `${name}: ${text}`])
})

/** The field as OpenAI tells it; the other APIs do not, except in words. */
const paramOf = (answer: string): unknown =>
  (JSON.parse(answer) as { error: { param?: unknown } }).error.param
