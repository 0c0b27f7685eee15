import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { MODEL, setStage } from '../../support/gateway/stage.ts'
import { until } from '../limits/until.ts'

const SECRET = 'secret:7b'
const STUB = 'corp:latest'
const GATEWAYS = ['ollama', 'openai', 'anthropic'] as const
const NO_LIST = { models: [] }

const stage = await setStage({ ollama: { models: [MODEL, 'qwen3:8b', SECRET, STUB] } })
const { gateway } = stage
afterAll(() => stage[Symbol.asyncDispose]())

let user: TestUser

beforeAll(async () => {
  // A name that only stands for a model elsewhere, which nothing but its host's list tells.
  const list = (await (await fetch(`${stage.ollama.url}/api/tags`)).json()) as typeof NO_LIST
  const models = list.models.map((entry: { name: string }) =>
    entry.name === STUB ? { ...entry, remote_host: 'https://example.org' } : entry,
  )
  stage.ollama.on('/api/tags', (reply) =>
    reply.whole(200, 'application/json', JSON.stringify({ models })),
  )
  const permissions = GATEWAYS.map((name) => `gateway:${name}` as const)
  const role = await gateway.role({
    permissions,
    models: ['llama3*', 'qwen3*', 'corp', 'gpt-oss*'],
  })
  user = await gateway.user({ roles: [role] })
  for (const name of GATEWAYS) {
    const setMappings = [
      { alias: 'gpt-4', model: MODEL },
      { alias: 'gpt-*', model: 'qwen3:8b' },
      { alias: 'gpt-secret', model: SECRET },
      { alias: 'inner', model: SECRET },
      { alias: 'assistant', model: STUB },
      { alias: MODEL, model: 'qwen3:8b' },
    ]
    await gateway.admin.gateways.configure(TESTER, name, { setMappings, defaultModel: STUB })
  }
  await until(async () => (await ask('ollama', 'gpt-4')).status === 200)
})

const CHATS = {
  ollama: '/ollama/api/chat',
  openai: '/openai/v1/chat/completions',
  anthropic: '/anthropic/v1/messages',
}

/** A chat in one piece with that model: its status, and the model as the answer and as Ollama have it. */
async function ask(name: (typeof GATEWAYS)[number], model: string) {
  const messages = [{ role: 'user', content: 'hi' }]
  const body = { model, messages, stream: false, max_tokens: 16 }
  const response = await stage.post(CHATS[name], body, { as: user })
  const answer = (await response.json()) as { model?: string }
  const sent = stage.ollama.calls('/api/chat').at(-1)?.json() as { model?: string } | undefined
  return { status: response.status, told: answer.model, sent: sent?.model }
}

describe.each(GATEWAYS)('through the gateway %s', (name) => {
  test.each([
    ['an alias', 'gpt-4', MODEL],
    ['an alias in capitals', 'GPT-4', MODEL],
    ['a name that a pattern fits', 'gpt-5-mini', 'qwen3:8b'],
    ['an alias for what is forbidden that a pattern fits', 'gpt-secret', 'qwen3:8b'],
    ['an alias that a model is called as well', MODEL, 'qwen3:8b'],
    ['another spelling of that model', `library/${MODEL}`, MODEL],
  ])('%s is answered by its model, under the name that was asked for', async (_, asked, model) => {
    expect(await ask(name, asked)).toEqual({ status: 200, told: asked, sent: model })
  })

  test.each(['inner', 'assistant', 'secret:7b', 'corp', 'nothing'])(
    '%s is not found, be it forbidden or unknown',
    async (asked) => {
      expect((await ask(name, asked)).status).toBe(404)
    },
  )

  test('a default that is forbidden is as good as none', async () => {
    expect((await ask(name, '')).status).toBe(400)
  })

  test('the root tells of the aliases that can be used', async () => {
    const response = await stage.get('/', { as: user })
    const { gateways } = (await response.json()) as {
      gateways: Record<string, { model_mappings: object; default_model: string | null }>
    }
    expect(gateways[name]?.model_mappings).toEqual({
      'gpt-4': MODEL,
      'gpt-*': 'qwen3:8b',
      [MODEL]: 'qwen3:8b',
    })
    expect(gateways[name]?.default_model).toBeNull()
  })
})

describe.each(['ollama', 'openai', 'anthropic'])('a look-up through the gateway %s', (name) => {
  const lookUp = async (model: string) =>
    await stage.get(`/${name}/v1/models/${encodeURIComponent(model)}`, { as: user })

  test.each(['gpt-4', 'gpt-5-mini', 'gpt-secret', MODEL, `library/${MODEL}`, 'qwen3:8b'])(
    'finds %s, which a chat would find',
    async (model) => {
      const response = await lookUp(model)
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({ id: model })
    },
  )

  test.each(['inner', 'assistant', 'secret:7b', 'corp', 'nothing', 'x'.repeat(700)])(
    'does not find %.20s, which no chat would find',
    async (model) => {
      expect((await lookUp(model)).status).toBe(404)
    },
  )
})
