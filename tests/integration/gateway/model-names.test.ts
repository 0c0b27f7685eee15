import { afterAll, describe, expect, test } from 'bun:test'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const SPELLINGS: readonly [string, (name: string) => string][] = [
  ['as it is', (name) => name],
  ['with its tag', (name) => `${name}:latest`],
  ['in capitals', (name) => name.toUpperCase()],
  ['between spaces', (name) => ` ${name} `],
  ['with its namespace', (name) => `library/${name}`],
  ['with its registry', (name) => `registry.ollama.ai/library/${name}:latest`],
  ['as local', (name) => `${name}:local`],
]

/** The operations that name a model, each with a request for one. */
const OPERATIONS: readonly [string, string, (model: string) => object][] = [
  ['POST', '/api/chat', (model) => ({ ...CHAT, model })],
  ['POST', '/v1/chat', (model) => ({ ...CHAT, model })],
  ['POST', '/api/generate', (model) => ({ model, prompt: 'hi' })],
  ['POST', '/api/embed', (model) => ({ model, input: 'hi' })],
  ['POST', '/api/embeddings', (model) => ({ model, prompt: 'hi' })],
  ['POST', '/api/show', (model) => ({ model })],
  ['POST', '/api/show', (name) => ({ name })],
  ['POST', '/api/push', (model) => ({ model })],
  ['POST', '/api/push', (name) => ({ name })],
  ['POST', '/api/copy', (source) => ({ source, destination: 'open' })],
  ['DELETE', '/api/delete', (model) => ({ model })],
  ['DELETE', '/api/delete', (name) => ({ name })],
]

const stage = await setStage({ ollama: { models: [MODEL, 'open', 'secret'] } })
afterAll(() => stage[Symbol.asyncDispose]())
const permissions = ['gateway:ollama', 'models:manage'] as const
const role = await stage.gateway.role({ permissions, models: ['open', 'llama3.2*'] })
const limited = await stage.gateway.user({ roles: [role] })
const everyone = await stage.gateway.administrator()

describe.each(SPELLINGS)('a model written %s', (_, spell) => {
  test.each(OPERATIONS)(
    'that is forbidden and one that is unknown give the same 404 to %s %s',
    async (method, path, body) => {
      const before = stage.asked().length
      const answers: object[] = await Promise.all(
        ['secret', 'nobody'].map(async (name) => {
          const response = await stage.send(method, `/ollama${path}`, body(spell(name)), {
            as: limited,
          })
          const { request_id, ...rest } = (await response.json()) as Record<string, unknown>
          expect(request_id).toBeString()
          return {
            status: response.status,
            ...rest,
            error: String(rest.error).replaceAll(spell(name), 'X'),
          }
        }),
      )
      expect(answers).toEqual([
        { status: 404, code: 'model_not_found', error: "model 'X' not found" },
        { status: 404, code: 'model_not_found', error: "model 'X' not found" },
      ])
      expect(stage.asked()).toHaveLength(before)
    },
  )

  test('that is allowed is found, and asked for by the name that its host has for it', async () => {
    const response = await stage.post(
      '/ollama/api/chat',
      { ...CHAT, model: spell('open'), stream: false },
      { as: limited },
    )
    expect(response.status).toBe(200)
    expect(stage.ollama.calls('/api/chat').at(-1)?.json()).toMatchObject({ model: 'open:latest' })
    const rows = await stage.gateway.usageOf(limited)
    expect(rows.at(-1)).toMatchObject({ model: 'open:latest', operation: 'chat' })
  })
})

describe('what is not a model name', () => {
  test.each([
    ['nothing', ' '],
    ['a path', '../../etc/passwd'],
    ['a letter that only folds to ASCII', 'ſecret'],
    ['the Kelvin sign', 'Kelvin'],
    ['both local and cloud', 'open:local:cloud'],
    ['two tags', 'open:a:b'],
    ['a newline within', 'op\nen'],
    ['a NUL', 'open\u0000'],
    ['an escape sequence', '\u001b[31mopen'],
    ['a thousand letters', 'x'.repeat(1000)],
  ])('%s is unknown', async (_, model) => {
    const response = await stage.post('/ollama/api/chat', { ...CHAT, model }, { as: everyone })
    expect(response.status).toBeOneOf([400, 404])
    expect((await response.text()).length).toBeLessThan(500)
  })

  test.each([
    ['an empty name', ''],
    ['a number', 7],
    ['a list', ['open']],
    ['nothing', undefined],
  ])('%s is a bad request', async (_, model) => {
    const response = await stage.post('/ollama/api/chat', { ...CHAT, model })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      code: 'bad_request',
      error: expect.stringMatching(/^model: /),
    })
  })

  test('both names at once are refused, whichever is allowed', async () => {
    const body = { model: 'open', name: 'secret' }
    for (const path of ['/api/show', '/api/push', '/api/pull']) {
      const response = await stage.post(`/ollama${path}`, body, { as: limited })
      expect(response.status).toBe(400)
    }
  })
})
