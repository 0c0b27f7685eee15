import { afterEach, describe, expect, test } from 'bun:test'
import { Ollama } from 'ollama'
import { gate } from '../support/fake-ollama/gate.ts'
import { chatChunk, chatDone, chatRecords } from '../support/fake-ollama/records.ts'
import {
  cutShort,
  emptyForbidden,
  errorMidStream,
  hang,
  junkLine,
  longLine,
  redirect,
  reset,
  type Script,
  stream,
  waitFor,
} from '../support/fake-ollama/script.ts'
import { type FakeOllama, type FakeOllamaOptions, startFakeOllama } from '../support/fake-ollama.ts'

const running: FakeOllama[] = []

afterEach(async () => {
  for (const ollama of running.splice(0)) await ollama.stop()
})

async function start(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const ollama = await startFakeOllama(options)
  running.push(ollama)
  return ollama
}

function post(ollama: FakeOllama, path: string, body: string | object, init: RequestInit = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(ollama.url + path, { method: 'POST', body: text, redirect: 'manual', ...init })
}

const question = { model: 'llama3.2:3b', messages: [{ role: 'user', content: 'hi there' }] }

describe('a fake Ollama without scripts', () => {
  test('serves the official client: list, show, chat, generate, embed, pull, delete', async () => {
    const ollama = await start({ registry: ['tiny:latest'] })
    const client = new Ollama({ host: ollama.url })
    expect((await client.list()).models[0]?.name).toBe('llama3.2:3b')
    expect((await client.show({ model: 'llama3.2:3b' })).capabilities).toContain('tools')
    const words: string[] = []
    for await (const part of await client.chat({ ...question, stream: true })) {
      words.push(part.message.content)
    }
    expect(words.join('')).toBe('Hello from llama3.2:3b, a fake model.')
    const whole = await client.generate({ model: 'llama3.2:3b', prompt: 'hi', stream: false })
    expect(whole).toMatchObject({ done: true, prompt_eval_count: 1, eval_count: 7 })
    const { embeddings } = await client.embed({ model: 'llama3.2:3b', input: ['a', 'b'] })
    expect(Math.hypot(...(embeddings[1] ?? []))).toBeCloseTo(1, 5)
    expect((await client.pull({ model: 'tiny' })).status).toBe('success')
    await client.delete({ model: 'tiny' })
    expect((await client.list()).models).toHaveLength(1)
    expect((await client.ps()).models[0]).toMatchObject({ context_length: 4096 })
  })

  test('reads keys without regard to case, the last duplicate wins, and names as Ollama', async () => {
    const ollama = await start({ models: ['open:latest', 'secret:latest'] })
    const smuggled = '{"model":"open","Model":"secret","ſtream":false,"messages":[]} trailing'
    const answer = await (await post(ollama, '/api/chat', smuggled)).json()
    expect(answer).toMatchObject({ model: 'secret', done_reason: 'load' })
    const spelling = ' registry.ollama.ai/library/OPEN:Latest:local '
    const other = await post(ollama, '/api/chat', { model: spelling, messages: [], stream: false })
    expect(await other.json()).toMatchObject({ model: spelling, done_reason: 'load' })
    expect(ollama.calls('/api/chat').map((request) => request.model)).toEqual([
      'registry.ollama.ai/library/secret:latest',
      'registry.ollama.ai/library/open:latest',
    ])
    expect((await post(ollama, '/api/chat', { model: 'open:cloud' })).status).toBe(401)
    expect(ollama.cloudCalls).toHaveLength(1)
  })

  test('words its refusals exactly as Ollama does', async () => {
    const ollama = await start()
    const refusals: [string, string | object, number, string][] = [
      ['/api/chat', '', 400, 'missing request body'],
      ['/api/chat', {}, 400, 'model is required'],
      ['/api/chat', { model: 'x' }, 404, "model 'x' not found"],
      ['/api/generate', {}, 404, "model '' not found"],
      ['/api/embed', { model: 'x' }, 404, 'model "x" not found, try pulling it first'],
      ['/api/chat', { ...question, think: true }, 400, '"llama3.2:3b" does not support thinking'],
      ['/api/embed', { model: 'llama3.2:3b', input: [1] }, 400, 'invalid input type'],
    ]
    for (const [path, body, status, error] of refusals) {
      const response = await post(ollama, path, body)
      expect([response.status, await response.json()]).toEqual([status, { error }])
    }
    expect((await fetch(`${ollama.url}/api/chat`)).status).toBe(405)
    expect(await (await fetch(`${ollama.url}/nowhere`)).text()).toBe('404 page not found')
    const headers = { host: 'evil.example' }
    expect((await fetch(`${ollama.url}/api/tags`, { headers })).status).toBe(403)
  })

  test('reloads on new load-time options, keeps ps silent meanwhile, unloads on request', async () => {
    const loading = gate()
    const ollama = await start({ onLoad: () => loading.passed })
    const first = post(ollama, '/api/chat', question)
    await ollama.nextRequest('/api/chat')
    const ps = fetch(`${ollama.url}/api/ps`)
    await ollama.nextRequest('/api/ps')
    expect(ollama.inFlight()).toBe(2)
    loading.open()
    expect(await (await ps).json()).toMatchObject({ models: [{ context_length: 4096 }] })
    await (await first).text()
    await (await post(ollama, '/api/chat', { ...question, options: { num_ctx: 8192 } })).text()
    expect(ollama.loads('llama3.2:3b')).toBe(2)
    await post(ollama, '/api/generate', { model: 'llama3.2:3b', keep_alive: 0 })
    expect(await (await fetch(`${ollama.url}/api/ps`)).json()).toEqual({ models: [] })
  })
})

describe('a scripted fake Ollama', () => {
  test('holds the second record back until the test opens its gate', async () => {
    const ollama = await start()
    const second = gate()
    const records = chatRecords('m', ['Hel', 'lo'])
    ollama.once('/api/chat', stream(records, { gates: [Promise.resolve(), second.passed] }))
    const reader = (await post(ollama, '/api/chat', question)).body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    expect(JSON.parse(new TextDecoder().decode(value))).toEqual(records[0])
    second.open()
    while (!(await reader?.read())?.done) {}
    expect(ollama.ledger[0]).toMatchObject({ records: 3, promptEvalCount: 11, evalCount: 3 })
    expect(ollama.ledger[0]).toMatchObject({ done: true, outcome: 'completed' })
  })

  test.each([1, 7, [3, 1, 40], 'together'] as const)(
    'cuts its bytes as told: %p',
    async (chunking) => {
      const ollama = await start()
      const records = [chatChunk('m', 'grüße 🦙'), chatDone('m', { tokens: 0 })]
      ollama.on('/api/chat', stream(records, { chunking, crlf: true, noFinalNewline: true }))
      const text = await (await post(ollama, '/api/chat', question)).text()
      expect(text).toBe(records.map((record) => JSON.stringify(record)).join('\r\n'))
      expect(text).not.toContain('eval_count')
      expect(ollama.ledger[0]).toMatchObject({ records: 2, evalCount: undefined })
    },
  )

  test('notices a client that leaves before the headers and one that leaves in mid-stream', async () => {
    const ollama = await start()
    for (const script of [hang(), [stream([chatChunk('m', 'Hel')]), hang()]] satisfies Script[]) {
      ollama.once('/api/chat', script)
      const client = new AbortController()
      const response = post(ollama, '/api/chat', question, { signal: client.signal })
      const settled = response.catch(() => undefined)
      const request = await ollama.nextRequest('/api/chat')
      if (Array.isArray(script)) await (await response).body?.getReader().read()
      client.abort()
      expect(await ollama.nextAbort()).toBe(request)
      await settled
      expect(request.abortedAt).toBeNumber()
      expect(ollama.inFlight('llama3.2:3b')).toBe(0)
    }
    expect(ollama.ledger.map(({ outcome, records }) => [outcome, records])).toEqual([
      ['aborted', 0],
      ['aborted', 1],
    ])
  })

  test('breaks its answers in every way a real one can', async () => {
    const ollama = await start()
    const read = async (script: Script) => {
      ollama.once('/api/chat', script)
      return (await post(ollama, '/api/chat', question)).text()
    }
    const some = stream([chatChunk('m', 'Hel')])
    await expect(read([some, reset()])).rejects.toThrow()
    await expect(read([some, cutShort()])).rejects.toThrow()
    await expect(read(reset())).rejects.toThrow()
    expect(await read([some, errorMidStream('boom')])).toEndWith('{"error":"boom"}\n')
    expect(await read(junkLine())).toBe('<<< not json >>>\n')
    expect(await read([waitFor(Promise.resolve()), longLine()])).toHaveLength(10_000_001)
    ollama.once('/api/chat', redirect('http://127.0.0.1:9/'))
    const moved = await post(ollama, '/api/chat', question)
    expect([moved.status, moved.headers.get('location')]).toEqual([307, 'http://127.0.0.1:9/'])
    expect(await read(emptyForbidden())).toBe('')
    await ollama.idle()
    expect(ollama.ledger.slice(0, 3).every(({ outcome }) => outcome === 'broken')).toBe(true)
  })
})
