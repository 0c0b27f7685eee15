import { describe, expect, test } from 'bun:test'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'

const LONGEST = 32_768
/** What HTTP itself needs, and the only three headers that we add. */
const UPSTREAM_HEADERS = [
  ...['host', 'connection', 'content-length'],
  ...['content-type', 'accept'],
]

/** Posts the body and returns what Ollama then got to see. */
async function sent(stage: Stage, path: string, body: object, as: TestUser = stage.user) {
  const response = await stage.post(`/ollama${path}`, { stream: false, ...body }, { as })
  expect(response.status).toBe(200)
  const json = stage.ollama.calls(path).at(-1)?.json()
  return json as Record<string, unknown> & { options: Record<string, unknown> }
}

const LOADING = {
  num_ctx: 131_072,
  num_batch: 1,
  num_gpu: 99,
  main_gpu: 1,
  use_mmap: false,
  num_thread: 64,
  draft_num_predict: 9,
}
const SAMPLING = { temperature: 0.5, seed: 7, top_k: 3, stop: ['\n'] }
const GREEDY = {
  ...CHAT,
  messages: [{ role: 'user', content: 'hi', name: 'bob', _hidden: 1 }],
  keep_alive: -1,
  shift: false,
  options: { ...SAMPLING, ...LOADING, num_predict: 1e9, mirostat: 1, f16_kv: true },
  _debug_render_only: true,
  n: 5,
  best_of: 5,
  remote_host: 'https://elsewhere.example',
}

describe('a request to Ollama is written anew', () => {
  test('from the fields that are known, without what would hurt the other users', async () => {
    await using stage = await setStage()
    expect(await sent(stage, '/api/chat', GREEDY)).toEqual({
      model: MODEL,
      messages: [{ role: 'user', content: 'hi' }],
      stream: false,
      options: { ...SAMPLING, num_predict: LONGEST },
    })
    expect(stage.ollama.loads(MODEL)).toBe(1)
    await sent(stage, '/api/chat', CHAT)
    expect(stage.ollama.loads(MODEL)).toBe(1)
  })

  test('with everything that an administrator asks for, and nothing that Ollama does not know', async () => {
    await using stage = await setStage()
    const admin = await stage.gateway.administrator()
    expect(await sent(stage, '/api/chat', GREEDY, admin)).toEqual({
      model: MODEL,
      messages: [{ role: 'user', content: 'hi' }],
      stream: false,
      keep_alive: -1,
      shift: false,
      options: { ...SAMPLING, ...LOADING, num_predict: 1e9 },
    })
    const { options } = await sent(
      stage,
      '/api/chat',
      { ...CHAT, options: { num_predict: -1 } },
      admin,
    )
    expect(options).toEqual({ num_predict: -1 })
  })

  test.each([
    [undefined, LONGEST],
    [null, LONGEST],
    [-1, LONGEST],
    [-2, LONGEST],
    [1e9, LONGEST],
    [LONGEST + 1, LONGEST],
    [10, 10],
  ])('with num_predict %p as %p', async (asked, expected) => {
    await using stage = await setStage()
    for (const path of ['/api/chat', '/api/generate']) {
      const body = { ...CHAT, prompt: 'hi', options: { num_predict: asked } }
      expect((await sent(stage, path, body)).options).toEqual({ num_predict: expected })
    }
  })

  test('with a context size only where the administrator has allowed one, and no larger', async () => {
    await using stage = await setStage({ settings: { maxContextTokens: 8192 } })
    for (const [asked, expected] of [
      [4096, 4096],
      [131_072, 8192],
    ]) {
      const { options } = await sent(stage, '/api/chat', { ...CHAT, options: { num_ctx: asked } })
      expect(options.num_ctx).toBe(expected)
    }
  })

  test('under the name that the host has for the model, however it was written', async () => {
    await using stage = await setStage()
    const spelling = ' Registry.Ollama.ai/Library/LLAMA3.2:3B:local '
    const { model } = await sent(stage, '/api/chat', { ...CHAT, model: spelling })
    expect(model).toBe(MODEL)
    expect(await stage.gateway.usageOf(stage.user)).toMatchObject([{ model: MODEL }])
  })

  test('for embeddings without anything that is about generating', async () => {
    await using stage = await setStage()
    const options = { ...SAMPLING, ...LOADING, num_predict: 5 }
    const greedy = { model: MODEL, options, keep_alive: '1h', stream: true, n: 2 }
    const embed = { ...greedy, input: ['a'], truncate: true, dimensions: 4 }
    expect(await sent(stage, '/api/embed', embed)).toEqual({
      model: MODEL,
      input: ['a'],
      truncate: true,
      dimensions: 4,
      options: SAMPLING,
    })
    const old = await sent(stage, '/api/embeddings', { ...greedy, prompt: 'a' })
    expect(old).toEqual({ model: MODEL, prompt: 'a', options: SAMPLING })
  })

  test('with headers of our own: nothing of the caller’s reaches Ollama', async () => {
    await using stage = await setStage()
    const own = {
      cookie: 'session=caller',
      origin: 'https://caller.example',
      referer: 'https://caller.example/',
      forwarded: 'for=caller',
      'user-agent': 'caller/1',
      'x-forwarded-for': 'caller',
      'x-real-ip': 'caller',
      'x-request-id': 'caller',
      'x-user-id': 'caller',
      'x-stainless-lang': 'caller',
      'accept-language': 'caller',
      'accept-encoding': 'gzip',
      accept: 'text/caller',
    }
    for (const path of ['/ollama/api/chat', '/ollama/api/show']) {
      const response = await stage.post(`${path}?caller=1`, CHAT, { headers: own })
      expect(response.status).toBe(200)
      await response.text()
    }
    await stage.get('/ollama/api/ps', { headers: own })
    const head = stage.ollama.requests.map(({ path, headers }) => ({ path, headers }))
    expect(head.length).toBeGreaterThanOrEqual(3)
    expect(JSON.stringify(head)).not.toContain('caller')
    expect(JSON.stringify(head)).not.toContain(stage.user.key)
    const names = head.flatMap(({ headers }) => headers.map(([name]) => name.toLowerCase()))
    expect([...new Set(names)].filter((name) => !UPSTREAM_HEADERS.includes(name))).toEqual([])
  })
})
