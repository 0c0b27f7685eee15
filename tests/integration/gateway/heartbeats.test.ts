import { afterAll, describe, expect, test } from 'bun:test'
import { gate } from '../../support/fake-ollama/gate.ts'
import { chatRecords, generateRecords } from '../../support/fake-ollama/records.ts'
import { errorBefore, stream, waitFor } from '../../support/fake-ollama/script.ts'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const stage = await setStage({ settings: { heartbeatSeconds: 1 } })
afterAll(() => stage[Symbol.asyncDispose]())

/** Reads a stream until it says that something, then whatever is left. */
async function readAround(response: Response, awaited: string, then: () => void): Promise<string> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let isOver = false
  for (;;) {
    if (!isOver && text.includes(awaited)) {
      isOver = true
      then()
    }
    const read = await reader?.read()
    if (!read || read.done) return text
    text += decoder.decode(read.value, { stream: true })
  }
}

/** How each kind of stream says that it goes on; `records` are what Ollama sends. */
const STREAMS = [
  {
    path: '/ollama/api/chat',
    upstream: '/api/chat',
    body: CHAT,
    records: chatRecords(MODEL, ['one ', 'two'], { promptTokens: 11, tokens: 3 }),
    beat: '"message":{"role":"assistant","content":""},"done":false}\n',
  },
  {
    path: '/ollama/api/generate',
    upstream: '/api/generate',
    body: { model: MODEL, prompt: 'hi' },
    records: generateRecords(MODEL, ['one ', 'two'], { promptTokens: 11, tokens: 3 }),
    beat: '"response":"","done":false}\n',
  },
  {
    path: '/ollama/v1/chat/completions',
    upstream: '/api/chat',
    body: { ...CHAT, stream: true },
    records: chatRecords(MODEL, ['one ', 'two'], { promptTokens: 11, tokens: 3 }),
    beat: ': keepalive\n\n',
  },
  {
    path: '/ollama/v1/messages',
    upstream: '/api/chat',
    body: { ...CHAT, stream: true, max_tokens: 16 },
    records: chatRecords(MODEL, ['one ', 'two'], { promptTokens: 11, tokens: 3 }),
    beat: ': keepalive\n\n',
  },
]

describe.each(STREAMS)('who waits at $path', ({ path, upstream, body, records, beat }) => {
  test('is told that we are there before Ollama has begun, and gets the answer whole', async () => {
    const as = await stage.gateway.user()
    const loading = gate()
    stage.ollama.once(upstream, [waitFor(loading.passed), stream(records)])
    const text = await readAround(await stage.post(path, body, { as }), beat, loading.open)
    expect(text.indexOf(beat)).toBeLessThan(text.indexOf('one '))
    expect(text).toContain('two')
    expect(text).not.toMatch(/^\n|\n\n\n|: ping/)
    expect(await stage.gateway.usageOf(as)).toMatchObject([
      { outcome: 'completed', prompt_tokens: 11, completion_tokens: 3, estimated: 0 },
    ])
  })

  test('is told between two tokens, which come as they are', async () => {
    const thinking = gate()
    const gates = [Promise.resolve(), thinking.passed]
    stage.ollama.once(upstream, stream(records, { gates }))
    const text = await readAround(await stage.post(path, body), beat, thinking.open)
    expect(text.indexOf('one ')).toBeLessThan(text.indexOf(beat))
    expect(text.indexOf(beat)).toBeLessThan(text.indexOf('two'))
  })

  test('is told in the stream when nothing comes of it', async () => {
    const as = await stage.gateway.user()
    const loading = gate()
    stage.ollama.once(upstream, [waitFor(loading.passed), errorBefore(500, 'out of memory')])
    const response = await stage.post(path, body, { as })
    expect(response.status).toBe(200)
    expect(await readAround(response, beat, loading.open)).toContain('out of memory')
    expect(await stage.gateway.usageOf(as)).toMatchObject([
      { outcome: 'failed', error_code: 'upstream_error', status: 200, completion_tokens: 0 },
    ])
  })
})

test('who does not stream waits for the real status, however long it takes', async () => {
  const loading = gate()
  stage.ollama.once('/api/chat', [waitFor(loading.passed), errorBefore(500, 'out of memory')])
  const sending = stage.post('/ollama/api/chat', { ...CHAT, stream: false })
  await stage.ollama.nextRequest('/api/chat')
  expect(await Promise.race([sending, Bun.sleep(2500)])).toBeUndefined()
  loading.open()
  expect((await sending).status).toBe(500)
})
