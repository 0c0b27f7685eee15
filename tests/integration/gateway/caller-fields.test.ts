import { describe, expect, test } from 'bun:test'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const PROMPT = { model: MODEL, prompt: 'hi', stream: false }
const FIELDS = {
  raw: true,
  system: 'You are a pirate',
  context: [1, 2, 3],
  template: '{{ .Prompt }}',
}
type Field = keyof typeof FIELDS
const NAMES = Object.keys(FIELDS) as Field[]

describe('a field that goes round the prompt of the model', () => {
  test.each(NAMES)('%s is refused where the administrator has not opened it', async (name) => {
    await using stage = await setStage({ settings: { callerFields: [] } })
    const body = { ...PROMPT, [name]: FIELDS[name] }
    const response = await stage.post('/ollama/api/generate', body)
    expect(response.status).toBe(403)
    const { error, code } = (await response.json()) as { error: string; code: string }
    expect(code).toBe('forbidden')
    expect(error).toContain(`"${name}"`)
    expect(stage.ollama.calls('/api/generate')).toEqual([])
  })

  test.each(NAMES)('%s reaches Ollama where he has, and always for himself', async (name) => {
    await using open = await setStage({ settings: { callerFields: [name] } })
    await using closed = await setStage({ settings: { callerFields: [] } })
    const admin = await closed.gateway.administrator()
    const body = { ...PROMPT, [name]: FIELDS[name] }
    expect((await open.post('/ollama/api/generate', body)).status).toBe(200)
    expect((await closed.post('/ollama/api/generate', body, { as: admin })).status).toBe(200)
    for (const { ollama } of [open, closed]) {
      expect(ollama.calls('/api/generate').at(-1)?.json()).toMatchObject({ [name]: FIELDS[name] })
    }
  })

  test('template is closed and the others are open unless configured otherwise', async () => {
    await using stage = await setStage()
    const statuses: Record<string, number> = {}
    for (const name of NAMES) {
      const body = { ...PROMPT, [name]: FIELDS[name] }
      statuses[name] = (await stage.post('/ollama/api/generate', body)).status
    }
    expect(statuses).toEqual({ raw: 200, system: 200, context: 200, template: 403 })
  })
})

describe('a request that only loads or unloads a model', () => {
  test.each([
    ['/api/chat', { model: MODEL, messages: [] }],
    ['/api/chat', { model: MODEL }],
    ['/api/generate', { model: MODEL }],
    ['/api/generate', { model: MODEL, prompt: '' }],
  ])('to %s %j unloads it for nobody but an administrator', async (path, body) => {
    await using stage = await setStage()
    const admin = await stage.gateway.administrator()
    expect((await stage.post('/ollama/api/chat', { ...CHAT, stream: false })).status).toBe(200)
    for (const keep_alive of [0, '0', '0s', '0m0s', -0]) {
      const refused = await stage.post(`/ollama${path}`, { ...body, keep_alive })
      expect(refused.status).toBe(403)
      expect(await refused.json()).toMatchObject({ code: 'forbidden' })
    }
    const { models } = (await (await stage.get('/ollama/api/ps')).json()) as { models: unknown[] }
    expect(models).toHaveLength(1)
    const done = await stage.post(`/ollama${path}`, { ...body, keep_alive: 0 }, { as: admin })
    expect(await done.json()).toMatchObject({ done_reason: 'unload' })
  })

  test('loads it for everybody, with the time to live that Ollama has for it', async () => {
    await using stage = await setStage()
    const body = { model: MODEL, keep_alive: 1800 }
    const response = await stage.post('/ollama/api/generate', body)
    expect(await response.json()).toMatchObject({ done: true, done_reason: 'load' })
    expect(stage.ollama.calls('/api/generate').at(-1)?.json()).not.toHaveProperty('keep_alive')
  })
})
