import { describe, expect, test } from 'bun:test'
import { gates } from '../../support/fake-ollama/gate.ts'
import { goJson } from '../../support/fake-ollama/go-text.ts'
import {
  chatChunk,
  chatDone,
  chatRecords,
  generateRecords,
  toolCall,
} from '../../support/fake-ollama/records.ts'
import { rawBytes, type StreamOptions, stream } from '../../support/fake-ollama/script.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const WORDS = ['Grüße ', '🦙🦙', ' 你好', ' <&>', ' "quoted"\n', ' end']

const linesOf = (records: readonly unknown[]): string =>
  records.map((record) => `${goJson(record)}\n`).join('')

describe('a streamed answer', () => {
  test.each([
    ['/ollama/api/chat', '/api/chat', CHAT, chatRecords(MODEL, ['one', 'two'])],
    [
      '/ollama/api/generate',
      '/api/generate',
      { model: MODEL, prompt: 'hi' },
      generateRecords(MODEL, ['one', 'two']),
    ],
    ['/ollama/v1/chat', '/api/chat', CHAT, chatRecords(MODEL, ['one', 'two'])],
  ])(
    'of %s reaches the client record by record, each before Ollama made the next',
    async (path, upstream, body, records) => {
      await using stage = await setStage()
      const held = gates(records.length)
      stage.ollama.once(upstream, stream(records, { gates: held.map(({ passed }) => passed) }))
      held[0]?.open()
      const response = await stage.post(path, body)
      expect(response.status).toBe(200)
      const reader = readRecords(response)
      for (const [i, record] of records.entries()) {
        expect(await reader.next()).toEqual(JSON.parse(goJson(record)))
        held[i + 1]?.open()
      }
      expect(await reader.next()).toBeNull()
    },
  )

  test('says how it is to be treated: never stored, changed or held back on its way', async () => {
    await using stage = await setStage()
    const { headers } = await stage.post('/ollama/api/chat', CHAT, {
      headers: { 'accept-encoding': 'gzip, br' },
    })
    expect(headers.get('content-type')).toBe('application/x-ndjson')
    expect(headers.get('cache-control')).toBe('no-store, no-transform')
    expect(headers.get('x-accel-buffering')).toBe('no')
    expect(headers.get('content-encoding')).toBeNull()
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test.each<[string, StreamOptions]>([
    ['in single bytes', { chunking: 1 }],
    ['in pairs of bytes', { chunking: 2 }],
    ['in pieces of 7 bytes', { chunking: 7 }],
    ['in pieces of 100 bytes, a moment apart', { chunking: 100, gapMs: 1 }],
    ['a moment apart in the middle of a character', { chunking: [87, 1, 1, 90, 2, 3], gapMs: 2 }],
    ['all at once', { chunking: 'together' }],
  ])('that arrives %s leaves with the same bytes', async (_, options) => {
    await using stage = await setStage()
    const records = chatRecords(MODEL, WORDS)
    stage.ollama.once('/api/chat', stream(records, options))
    const response = await stage.post('/ollama/api/chat', CHAT)
    expect(await response.text()).toBe(linesOf(records))
    const [row] = await stage.gateway.usageOf(stage.user)
    expect(row).toMatchObject({ completion_tokens: WORDS.length + 1, estimated: 0 })
  })

  test('keeps the line ends that Ollama wrote, also where the last one is missing', async () => {
    await using stage = await setStage()
    const records = chatRecords(MODEL, ['one'])
    stage.ollama.once('/api/chat', stream(records, { crlf: true }))
    const crlf = await stage.post('/ollama/api/chat', CHAT)
    expect(await crlf.text()).toBe(linesOf(records).replaceAll('\n', '\r\n'))
    stage.ollama.once('/api/chat', stream(records, { noFinalNewline: true }))
    const unended = await stage.post('/ollama/api/chat', CHAT)
    expect(await unended.text()).toBe(linesOf(records).trimEnd())
  })

  test('may carry text, tool calls and log probabilities in any record, the last one included', async () => {
    await using stage = await setStage()
    const call = { tool_calls: [toolCall(0, 'weather', { city: 'Łódź' })] }
    const logprobs = [{ token: 'Hi', logprob: -0.1, bytes: [72, 105] }]
    const records = [
      chatChunk(MODEL, { thinking: 'hm', content: 'a' }, { logprobs }),
      chatChunk(MODEL, call),
      chatDone(MODEL, { promptTokens: 4, tokens: 5, doneReason: null }, { content: 'z', ...call }),
    ]
    stage.ollama.once('/api/chat', stream(records))
    const response = await stage.post('/ollama/api/chat', CHAT)
    expect(await response.text()).toBe(linesOf(records))
    const [row] = await stage.gateway.usageOf(stage.user)
    expect(row).toMatchObject({ prompt_tokens: 4, completion_tokens: 5, outcome: 'completed' })
  })

  test('keeps every record, also those that come in one packet with the last', async () => {
    await using stage = await setStage()
    const records = chatRecords(
      MODEL,
      Array.from({ length: 5000 }, (_, i) => `${i} `),
    )
    const text = linesOf(records)
    stage.ollama.once('/api/chat', rawBytes([text.slice(0, 70_001), text.slice(70_001)]))
    const answers = await readRecords(await stage.post('/ollama/api/chat', CHAT)).rest()
    expect(answers.map(({ message }) => message?.content)).toEqual(
      records.map(({ message }) => message.content),
    )
  })
})
