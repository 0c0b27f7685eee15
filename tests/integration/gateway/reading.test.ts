import { afterAll, describe, expect, test } from 'bun:test'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const HIDDEN = 'You are the secret assistant of /srv/company'

const stage = await setStage({
  ollama: {
    models: [
      { name: MODEL, modifiedAt: Date.parse('2026-01-01') },
      {
        name: 'secret',
        system: HIDDEN,
        parameters: 'stop "x"',
        modifiedAt: Date.parse('2026-03-01'),
      },
      { name: 'team/new:1b', system: HIDDEN, modifiedAt: Date.parse('2026-02-01') },
    ],
  },
})
afterAll(() => stage[Symbol.asyncDispose]())
const role = await stage.gateway.role({ models: ['llama3.2*', 'team/*'] })
const limited = await stage.gateway.user({ roles: [role] })
const modelless = await stage.gateway.user({ roles: [await stage.gateway.role({ models: [] })] })
const admin = await stage.gateway.administrator()

async function read<T>(path: string, as: TestUser): Promise<T> {
  const response = await stage.get(path, { as })
  expect(response.status).toBe(200)
  return (await response.json()) as T
}
const names = ({ models }: { models: { name: string }[] }) => models.map(({ name }) => name)

describe.each(['/ollama/api/tags', '/ollama/v1/tags', '/ollama/v1/models'])('%s', (path) => {
  test('lists what the caller may use, the newest first', async () => {
    const { models } = await read<{ models: { name: string; details: object }[] }>(path, limited)
    expect(names({ models })).toEqual(['team/new:1b', MODEL])
    expect(names(await read(path, admin))).toEqual(['secret:latest', 'team/new:1b', MODEL])
    expect(names(await read(path, modelless))).toEqual([])
    expect(models[1]).toMatchObject({
      model: MODEL,
      modified_at: expect.stringMatching(/^2026-01-01T/),
      size: expect.any(Number),
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      details: {
        format: 'gguf',
        family: 'llama',
        parameter_size: '3.2B',
        quantization_level: 'Q4_K_M',
      },
    })
  })

  test('answers HEAD without a body', async () => {
    const response = await stage.get(path, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })
})

test('/ollama/v1/models has the list that clients of OpenAI read beside the native one', async () => {
  const list = await read<{ object: string; data: unknown[] }>('/ollama/v1/models', limited)
  const created = Date.parse('2026-01-01') / 1000
  expect(list.object).toBe('list')
  expect(list.data).toEqual([
    { id: 'team/new:1b', object: 'model', created: expect.any(Number), owned_by: 'team' },
    { id: MODEL, object: 'model', created, owned_by: 'library' },
  ])
  expect((await read<{ data: unknown[] }>('/ollama/v1/models', modelless)).data).toEqual([])
})

test.each(['/ollama/api/ps', '/ollama/v1/ps'])(
  '%s tells only of models that the caller may use',
  async (path) => {
    for (const model of [MODEL, 'secret']) {
      await (await stage.post('/ollama/api/chat', { ...CHAT, model }, { as: admin })).text()
    }
    expect(names(await read(path, limited))).toEqual([MODEL])
    expect(names(await read(path, admin)).sort()).toEqual([MODEL, 'secret:latest'])
  },
)

describe.each(['/ollama/api/show', '/ollama/v1/show'])('%s', (path) => {
  const ask = async (body: object, as: TestUser, headers = {}) =>
    (await (await stage.post(path, body, { as, headers })).json()) as Record<string, unknown>

  test('keeps the hidden prompt, the paths and the bulk from those who do not manage models', async () => {
    const shown = await ask({ model: 'team/new:1b', verbose: true }, limited)
    expect(JSON.stringify(shown)).not.toContain('secret assistant')
    expect(JSON.stringify(shown)).not.toContain('/usr/share')
    expect(shown).toMatchObject({
      modelfile: '',
      template: '',
      system: '',
      license: '',
      capabilities: ['completion', 'tools'],
      details: { family: 'llama' },
      model_info: { 'general.architecture': 'llama', 'tokenizer.ggml.tokens': null },
    })
    expect(shown).not.toHaveProperty('messages')
    expect(shown).not.toHaveProperty('tensors')
    expect(stage.ollama.calls('/api/show').at(-1)?.json()).toEqual({
      model: 'team/new:1b',
      verbose: false,
    })
  })

  test('shows an administrator everything', async () => {
    const shown = await ask({ name: 'secret', verbose: true }, admin)
    expect(shown).toMatchObject({ system: HIDDEN, parameters: 'stop "x"' })
    expect(shown.modelfile).toContain('/usr/share/ollama')
    expect(shown).toHaveProperty('tensors')
  })

  test('says the name that was asked for to the one client that looks for it there', async () => {
    const shown = await ask({ model: 'llama3.2:3b' }, limited, {
      'user-agent': 'GitHubCopilotChat/0.30',
    })
    expect(shown.model_info).toMatchObject({ 'general.basename': 'llama3.2:3b' })
  })
})
