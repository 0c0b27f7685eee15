import { describe, expect, test } from 'bun:test'
import {
  copyRequest,
  createRequest,
  deleteRequest,
  showRequest,
  transferRequest,
} from '../../../app/domain/model-requests.ts'
import {
  chatRequest,
  embeddingsRequest,
  embedRequest,
  generateRequest,
} from '../../../app/domain/native.ts'

const GOOD = {
  chat: [chatRequest, { model: 'x', messages: [{ role: 'user', content: 'hi' }] }],
  generate: [generateRequest, { model: 'x', prompt: 'hi' }],
  embed: [embedRequest, { model: 'x', input: ['a', 'b'] }],
  embeddings: [embeddingsRequest, { model: 'x', prompt: 'a' }],
  show: [showRequest, { model: 'x' }],
  pull: [transferRequest, { model: 'x', stream: false }],
  delete: [deleteRequest, { name: 'x' }],
  copy: [copyRequest, { source: 'x', destination: 'y' }],
  create: [createRequest, { model: 'x', from: 'y', system: 'you are' }],
} as const
type Kind = keyof typeof GOOD

const accepts = (kind: Kind, change: object): boolean => {
  const [schema, body] = GOOD[kind]
  return schema.safeParse({ ...body, ...change }).success
}

describe.each(Object.keys(GOOD) as Kind[])('%s', (kind) => {
  const [schema, body] = GOOD[kind]

  test('is read as it came, without the fields that are not known', () => {
    const hostile = { remote_host: 'x', _debug_render_only: true, role: 'admin', n: 5 }
    expect(schema.parse({ ...body, ...hostile }) as object).toEqual(body)
  })

  test('is refused when it is no object', () => {
    for (const value of [null, [], 'x', 1, true])
      expect(schema.safeParse(value).success).toBe(false)
  })
})

describe('refused', () => {
  test.each<[Kind, object]>([
    ['chat', { model: ['x'] }],
    ['chat', { model: null }],
    ['chat', { stream: 'yes' }],
    ['chat', { stream: 1 }],
    ['chat', { messages: 'hi' }],
    ['chat', { messages: [{ content: 'hi' }] }],
    ['chat', { messages: [{ role: 'user', content: ['hi'] }] }],
    ['chat', { messages: [{ role: 'user', content: 'x', images: ['data:image/png;base64,AA'] }] }],
    ['chat', { messages: [{ role: 'user', content: 'x', images: ['http://host/x.png'] }] }],
    ['chat', { messages: [{ role: 'user', content: 'x', images: Array(200).fill('AAAA') }] }],
    ['chat', { messages: Array(2001).fill({ role: 'user', content: 'x' }) }],
    ['chat', { tools: Array(257).fill({}) }],
    ['chat', { tools: ['x'] }],
    ['chat', { options: [] }],
    ['chat', { options: 'x' }],
    ['chat', { think: 'extreme' }],
    ['chat', { think: 1 }],
    ['chat', { format: 'xml' }],
    ['chat', { format: [] }],
    ['chat', { keep_alive: true }],
    ['chat', { keep_alive: '5'.repeat(33) }],
    ['chat', { keep_alive: Number.POSITIVE_INFINITY }],
    ['chat', { top_logprobs: 21 }],
    ['chat', { top_logprobs: -1 }],
    ['chat', { top_logprobs: 1.5 }],
    ['generate', { prompt: null }],
    ['generate', { context: ['1'] }],
    ['generate', { context: [1.5] }],
    ['generate', { images: Array(21).fill('AAAA') }],
    ['generate', { raw: 'true' }],
    ['embed', { input: Array(2049).fill('a') }],
    ['embed', { input: [[1, 2]] }],
    ['embed', { input: 5 }],
    ['embed', { dimensions: -1 }],
    ['show', { name: 'y' }],
    ['show', { model: undefined }],
    ['show', { model: '' }],
    ['pull', { insecure: 'yes' }],
    ['copy', { destination: '' }],
    ['create', { files: { 'x.gguf': 'sha256:short' } }],
    ['create', { files: { 'x.gguf': '../../etc/passwd' } }],
    ['create', { adapters: { x: `sha256:${'G'.repeat(64)}` } }],
  ])('%s with %j', (kind, change) => {
    expect(accepts(kind, change)).toBe(false)
  })
})

describe('accepted, because clients send it', () => {
  test.each<[Kind, object]>([
    ['chat', { stream: null, format: null, options: null, think: null, tools: null }],
    ['chat', { messages: null }],
    ['chat', { messages: [] }],
    ['chat', { format: '' }],
    ['chat', { format: 'json' }],
    ['chat', { format: { type: 'object' } }],
    ['chat', { think: 'high' }],
    ['chat', { keep_alive: '5m' }],
    ['chat', { keep_alive: -1 }],
    [
      'chat',
      {
        messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: {} } }] }],
      },
    ],
    ['chat', { messages: [{ role: 'user', content: 'x', images: ['/+AA==', '_-A='] }] }],
    ['generate', { prompt: undefined }],
    ['generate', { suffix: 'x', raw: false, context: [] }],
    ['embed', { input: '' }],
    ['embed', { input: [] }],
    ['create', { files: { 'x.gguf': `sha256:${'0'.repeat(64)}` }, license: ['a', 'b'] }],
  ])('%s with %j', (kind, change) => {
    expect(accepts(kind, change)).toBe(true)
  })
})
