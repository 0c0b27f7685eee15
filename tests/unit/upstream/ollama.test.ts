import { describe, expect, test } from 'bun:test'
import { createBackend } from '../../../app/upstream/backend.ts'
import type { Fetch } from '../../../app/upstream/http/client.ts'
import { HttpClientError } from '../../../app/upstream/http/errors.ts'
import { createOllamaClient, type UpstreamRequest } from '../../../app/upstream/ollama.ts'
import { streamOf } from '../support/byte-stream.ts'

const BACKEND = createBackend('http://gpu-1:11434')

/** What reaches the network for a request, and what comes of it. */
async function send(request: UpstreamRequest, answer: () => Promise<Response>) {
  const sent: { url: string; init: Parameters<Fetch>[1] }[] = []
  const client = createOllamaClient({
    fetch: (url, init) => {
      sent.push({ url, init })
      return answer()
    },
  })
  const { signal } = new AbortController()
  const result = await client.send(BACKEND, request, signal).catch((err: unknown) => err)
  return { result, sent, signal }
}

const OK = async () => new Response('{}')
const CHAT: UpstreamRequest = { method: 'POST', endpoint: '/api/chat', body: '{"model":"x"}' }

test('a host is known by its name and port', () => {
  expect(BACKEND).toEqual({
    name: 'gpu-1:11434',
    url: 'http://gpu-1:11434',
    inFlight: 0,
    downUntil: 0,
  })
  expect(createBackend('https://gpu-1').name).toBe('gpu-1')
})

describe('a request', () => {
  test('goes to a path of ours, with our body and no header but those we chose', async () => {
    const { sent } = await send(CHAT, OK)
    expect(sent[0]?.url).toBe('http://gpu-1:11434/api/chat')
    expect(sent[0]?.init.method).toBe('POST')
    expect(sent[0]?.init.body).toBe('{"model":"x"}')
    expect(new Headers(sent[0]?.init.headers).toJSON()).toEqual({
      'content-type': 'application/json',
      accept: 'application/json, application/x-ndjson',
    })
  })

  test('can be cut at any time', async () => {
    const { sent, signal } = await send(CHAT, OK)
    expect(sent[0]?.init.signal).toBe(signal)
  })

  test('with a file is sent as bytes', async () => {
    const body = streamOf(['x'])
    const { sent } = await send({ method: 'POST', endpoint: '/api/blobs/sha256:0', body }, OK)
    expect(sent[0]?.init.body).toBe(body)
    expect(new Headers(sent[0]?.init.headers).get('content-type')).toBe('application/octet-stream')
  })

  test('without a body has none', async () => {
    const { sent } = await send({ method: 'GET', endpoint: '/api/tags' }, OK)
    expect(sent[0]?.init.body).toBeNull()
  })
})

test('an answer is handed on whatever its status', async () => {
  const { result } = await send(CHAT, async () => new Response('busy', { status: 503 }))
  expect(result).toHaveProperty('status', 503)
})

test('no answer is an error for the caller, with the reason inside', async () => {
  const refused = new HttpClientError('ECONNREFUSED', 'refused')
  const { result } = await send(CHAT, () => Promise.reject(refused))
  expect(result).toMatchObject({ code: 'upstream_unreachable', cause: refused })
  const { result: broken } = await send(CHAT, () => Promise.reject(new Error('socket hang up')))
  expect(broken).toMatchObject({ code: 'upstream_error', status: 502 })
})
