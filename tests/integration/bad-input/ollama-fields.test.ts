import { afterAll, describe, expect, test } from 'bun:test'
import { readRefusal } from '../../support/gateway/native-refusal.ts'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const stage = await setStage()
afterAll(() => stage[Symbol.asyncDispose]())

const IMAGE = 'AAAA'
const withImages = (images: readonly string[]) => ({
  ...CHAT,
  messages: [{ role: 'user', content: 'hi', images }],
})
const megabytes = (count: number): string => 'A'.repeat(count * 1024 * 1024)

const REFUSED: readonly [string, string, object][] = [
  ['a schema of a megabyte', '/api/chat', { ...CHAT, format: { x: megabytes(1) } }],
  ['tools of a megabyte', '/api/chat', { ...CHAT, tools: [{ x: megabytes(1) }] }],
  ['a thousand tools', '/api/chat', { ...CHAT, tools: Array(1000).fill({}) }],
  ['two hundred images', '/api/chat', withImages(Array(200).fill(IMAGE))],
  [
    'two hundred images, one in each message',
    '/api/chat',
    { ...CHAT, messages: Array(200).fill({ role: 'user', images: [IMAGE] }) },
  ],
  ['images of 21 MB', '/api/chat', withImages([megabytes(14), megabytes(14)])],
  ['an image at an address', '/api/chat', withImages(['http://169.254.169.254/latest'])],
  ['an image as a data URL', '/api/chat', withImages([`data:image/png;base64,${IMAGE}`])],
  [
    'an image that is a path',
    '/api/generate',
    { model: MODEL, prompt: 'x', images: ['/etc/passwd.'] },
  ],
  ['a format that does not exist', '/api/chat', { ...CHAT, format: 'yaml' }],
  ['a way to think that does not exist', '/api/chat', { ...CHAT, think: 'ultra' }],
  ['21 alternatives', '/api/chat', { ...CHAT, logprobs: true, top_logprobs: 21 }],
  ['fewer alternatives than none', '/api/chat', { ...CHAT, top_logprobs: -1 }],
  ['a time to live that is an object', '/api/chat', { ...CHAT, keep_alive: {} }],
  ['num_predict as text', '/api/chat', { ...CHAT, options: { num_predict: '5' } }],
  ['num_predict with a fraction', '/api/chat', { ...CHAT, options: { num_predict: 1.5 } }],
  ['num_ctx as text', '/api/chat', { ...CHAT, options: { num_ctx: '4096' } }],
  ['a hundred stop texts', '/api/chat', { ...CHAT, options: { stop: Array(100).fill('x') } }],
  ['three thousand texts to embed', '/api/embed', { model: MODEL, input: Array(3000).fill('a') }],
  ['numbers to embed', '/api/embed', { model: MODEL, input: [1, 2] }],
  ['nothing to embed', '/api/embed', { model: MODEL }],
  ['fewer dimensions than none', '/api/embed', { model: MODEL, input: 'a', dimensions: -1 }],
  ['a message that is a text', '/api/chat', { model: MODEL, messages: ['hi'] }],
  ['a message without a role', '/api/chat', { model: MODEL, messages: [{ content: 'hi' }] }],
  ['a context of texts', '/api/generate', { model: MODEL, prompt: 'x', context: ['a'] }],
]

describe('a request that Ollama should not get', () => {
  test.each(REFUSED)('(%s) is a bad request', async (_, path, body) => {
    const refusal = await readRefusal(await stage.post(`/ollama${path}`, body))
    expect(refusal).toMatchObject({ status: 400, code: 'bad_request' })
    expect(refusal.error).toMatch(/^[a-z]/)
    expect(refusal.error.length).toBeLessThan(300)
    expect(stage.ollama.calls(path)).toEqual([])
  })
})

describe('a request to manage models', () => {
  const DIGEST = `sha256:${'0'.repeat(64)}`
  test.each<[string, string, string, object]>([
    ['nothing to pull', 'POST', '/api/pull', {}],
    ['no name for a new model', 'POST', '/api/create', { from: MODEL }],
    ['a name that is a path', 'POST', '/api/create', { model: '../../x', from: MODEL }],
    ['a file that is a path', 'POST', '/api/create', { model: 'x', files: { a: '/etc/passwd' } }],
    [
      'a digest that is too short',
      'POST',
      '/api/create',
      { model: 'x', files: { a: 'sha256:00' } },
    ],
    ['a copy to a path', 'POST', '/api/copy', { source: MODEL, destination: 'a b/../c' }],
    ['a copy to nowhere', 'POST', '/api/copy', { source: MODEL }],
    ['a file name that is a path', 'POST', '/api/blobs/..%2f..%2fetc%2fpasswd', {}],
    ['a digest of another kind', 'POST', '/api/blobs/md5:0123', {}],
    ['a digest in capitals', 'POST', `/api/blobs/${DIGEST.toUpperCase()}`, {}],
  ])('(%s) is a bad request, also for an administrator', async (_, method, path, body) => {
    const as = await stage.gateway.administrator()
    const refusal = await readRefusal(await stage.send(method, `/ollama${path}`, body, { as }))
    expect(refusal).toMatchObject({ status: 400, code: 'bad_request' })
    expect(stage.asked()).toEqual([])
  })

  test('can not make a model that runs elsewhere', async () => {
    const as = await stage.gateway.administrator()
    const body = { model: 'stub', from: MODEL, remote_host: 'https://elsewhere.example' }
    expect((await stage.post('/ollama/api/create', body, { as })).status).toBe(200)
    expect(stage.ollama.calls('/api/create').at(-1)?.body).not.toContain('elsewhere')
  })
})
