import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { readRefusal } from '../../support/gateway/native-refusal.ts'
import { rawExchange, rawRequest } from '../../support/gateway/raw-http.ts'
import { CHAT, setStage } from '../../support/gateway/stage.ts'

const stage = await setStage()
const { gateway, ollama, user } = stage
afterAll(() => stage[Symbol.asyncDispose]())

const SHORT = JSON.stringify({ ...CHAT, stream: false })
const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
  stage.post('/ollama/api/chat', body, { headers })

describe('a method', () => {
  test.each(['TRACE', 'CONNECT', 'PROPFIND', 'LINK', 'PUT', 'PATCH', 'OPTIONS'])(
    '%s that no route has is refused, with those that there are',
    async (method) => {
      const target = method === 'CONNECT' ? '127.0.0.1:11434' : '/ollama/api/chat'
      for (const line of [`${method} ${target}`, `${method} /ollama/api/chat`]) {
        const answer = await rawExchange(
          gateway.port,
          rawRequest([
            `${line} HTTP/1.1`,
            `Host: 127.0.0.1:${gateway.port}`,
            `Authorization: Bearer ${user.key}`,
            'X-Secret: do not repeat',
          ]),
        )
        answer.end()
        expect([line, answer.status]).toEqual([line, 405])
        expect(answer.headers.get('allow')).toMatch(
          /^(GET|HEAD|POST|DELETE)(, (GET|HEAD|POST|DELETE))*$/,
        )
        expect(answer.text).not.toContain('do not repeat')
        expect(JSON.parse(answer.body)).toMatchObject({ code: 'method_not_allowed', status: 405 })
      }
      expect(stage.asked()).toEqual([])
    },
  )
})

describe('a body', () => {
  test.each([
    ['text/plain'],
    ['text/json'],
    ['application/xml'],
    ['application/jsonp'],
    ['application/json-patch+json'],
    ['application/x-ndjson'],
    ['multipart/form-data; boundary=x'],
    ['application/json, text/plain'],
    ['application/json; charset=utf-16'],
    ['application/json; charset=iso-8859-1'],
    ['application/json;charset="latin1"'],
    ['nonsense'],
  ])('sent as %s is refused', async (type) => {
    const refusal = await readRefusal(await post(SHORT, { 'content-type': type }))
    expect(refusal).toMatchObject({ status: 415, code: 'unsupported_media_type' })
  })

  const compressed: [string, Uint8Array<ArrayBuffer>][] = [
    ['gzip', Uint8Array.from(gzipSync(SHORT))],
    ['zstd', Uint8Array.from(zstdCompressSync(SHORT))],
    ['br', Uint8Array.from(Buffer.from(SHORT))],
    ['deflate', Uint8Array.from(Buffer.from(SHORT))],
    ['gzip, zstd', Uint8Array.from(Buffer.from(SHORT))],
    ['nonsense', Uint8Array.from(Buffer.from(SHORT))],
  ]
  test.each(compressed)(
    'encoded with %s is refused, also where Ollama would decode it',
    async (encoding, body) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
      const refusal = await readRefusal(await post(body, headers))
      expect(refusal).toMatchObject({ status: 415, code: 'unsupported_media_type' })
    },
  )

  afterEach(() => {
    expect(ollama.calls('/api/chat')).toEqual([])
  })
})

test.each([
  ['application/json'],
  ['Application/JSON'],
  ['application/json; charset=utf-8'],
  ['application/json;charset="UTF-8"'],
  ['application/json ; charset=UTF8; x=y'],
  // What curl says when it is told nothing, as in Ollama's own examples.
  ['application/x-www-form-urlencoded'],
])('a body sent as %s is read as JSON', async (type) => {
  const response = await post(SHORT, { 'content-type': type })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ done: true })
})

test('a body without a type is read as JSON', async () => {
  const answer = await rawExchange(
    gateway.port,
    rawRequest(
      [
        'POST /ollama/api/chat HTTP/1.1',
        `Host: 127.0.0.1:${gateway.port}`,
        `Authorization: Bearer ${user.key}`,
        `Content-Length: ${SHORT.length}`,
      ],
      SHORT,
    ),
  )
  answer.end()
  expect(answer.status).toBe(200)
})
