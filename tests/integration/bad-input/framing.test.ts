import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { type RawAnswer, rawExchange, rawRequest } from '../../support/gateway/raw-http.ts'
import { CHAT, setStage } from '../../support/gateway/stage.ts'

const BODY = JSON.stringify({ ...CHAT, stream: false })
const SIZE = BODY.length
const CHUNK = `${SIZE.toString(16)}\r\n${BODY}\r\n`
const LAST_CHUNK = '0\r\n\r\n'

const stage = await setStage()
const { gateway, ollama, user } = stage
afterAll(() => stage[Symbol.asyncDispose]())

/** A request that would be served if it were framed as it should be. */
const post = (framing: readonly string[], body: string): Promise<RawAnswer> =>
  rawExchange(
    gateway.port,
    rawRequest(
      [
        'POST /ollama/api/chat HTTP/1.1',
        `Host: 127.0.0.1:${gateway.port}`,
        `Authorization: Bearer ${user.key}`,
        'Content-Type: application/json',
        ...framing,
      ],
      body,
    ),
  )

const length = `Content-Length: ${SIZE}`
const chunked = 'Transfer-Encoding: chunked'

const BAD_HEADS: readonly [string, readonly string[], string][] = [
  ['a length and chunks', [length, chunked], CHUNK + LAST_CHUNK],
  ['chunks and a length', [chunked, length], CHUNK + LAST_CHUNK],
  ['two different lengths', [length, 'Content-Length: 3'], BODY],
  ['two equal lengths', [length, length], BODY],
  ['a list of equal lengths', [`Content-Length: ${SIZE}, ${SIZE}`], BODY],
  ['a length with a sign', [`Content-Length: +${SIZE}`], BODY],
  ['a length in hexadecimal', [`Content-Length: 0x${SIZE.toString(16)}`], BODY],
  ['a negative length', ['Content-Length: -1'], BODY],
  ['a length beyond all numbers', ['Content-Length: 99999999999999999999999'], BODY],
  ['a length that is no number', ['Content-Length: many'], BODY],
  ['an empty length', ['Content-Length:'], BODY],
  ['a length with a space in it', ['Content-Length: 1 1'], BODY],
  ['the encoding identity', ['Transfer-Encoding: identity', length], BODY],
  ['the encodings chunked, identity', ['Transfer-Encoding: chunked, identity'], CHUNK + LAST_CHUNK],
  [
    'an encoding that only begins like chunked',
    ['Transfer-Encoding: chunkedx'],
    CHUNK + LAST_CHUNK,
  ],
  ['an encoding that only ends like chunked', ['Transfer-Encoding: xchunked'], CHUNK + LAST_CHUNK],
  ['chunked twice', [chunked, chunked], CHUNK + LAST_CHUNK],
  ['a space before the colon', ['Transfer-Encoding : chunked'], CHUNK + LAST_CHUNK],
  ['a folded header', ['X-Folded: a\r\n b', length], BODY],
  ['a NUL in a value', ['X-Nul: a\0b', length], BODY],
  ['a bare CR in a value', ['X-Cr: a\rb', length], BODY],
  ['a header without a name', [': empty', length], BODY],
  ['a header without a colon', ['nonsense', length], BODY],
  ['a space in a name', ['X Y: z', length], BODY],
]

const BAD_BODIES: readonly [string, string][] = [
  ['a chunk size in C notation', `0x${CHUNK}${LAST_CHUNK}`],
  ['a chunk size with a sign', `+${CHUNK}${LAST_CHUNK}`],
  ['a negative chunk size', `-${CHUNK}${LAST_CHUNK}`],
  ['a chunk size beyond all numbers', `fffffffffffffffff\r\n${BODY}\r\n${LAST_CHUNK}`],
  ['a chunk longer than it says', `2\r\n${BODY}\r\n${LAST_CHUNK}`],
  ['a chunk without its line end', `${SIZE.toString(16)}\r\n${BODY}${LAST_CHUNK}`],
  ['a chunk without a size', `\r\n${BODY}\r\n${LAST_CHUNK}`],
]

describe('a request that is badly framed', () => {
  afterEach(async () => {
    expect(ollama.calls('/api/chat')).toEqual([])
    expect(await gateway.usageOf(user)).toEqual([])
  })

  test.each(BAD_HEADS)(
    'by %s reaches no handler, and its connection is closed',
    async (_, framing, body) => {
      const before = gateway.log.length
      const answer = await post(framing, body)
      expect(answer.status).toBeOneOf([400, 505, null])
      expect(answer.text.match(/HTTP\/1\.1 /g) ?? []).toHaveLength(answer.status === null ? 0 : 1)
      if (answer.headers.get('content-type') !== 'application/json') await answer.closed
      answer.end()
      // Lines about requests that were routed tell the path.
      expect(gateway.log.slice(before).filter(({ fields }) => 'path' in fields)).toEqual([])
    },
  )

  test.each(BAD_BODIES)('by %s is not served', async (_, body) => {
    const answer = await post([chunked], body)
    expect(answer.status).toBeOneOf([400, null])
    await answer.closed
  })

  test('with line ends that are bare line feeds is not served', async () => {
    const head = rawRequest([
      'POST /ollama/api/chat HTTP/1.1',
      `Host: 127.0.0.1:${gateway.port}`,
      `Authorization: Bearer ${user.key}`,
      length,
    ])
    const answer = await rawExchange(gateway.port, head.replaceAll('\r\n', '\n') + BODY)
    expect(answer.status).toBeOneOf([400, 505, null])
    await answer.closed
  })

  test('with another version of HTTP, or none, is not served', async () => {
    for (const version of ['HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1', 'http/1.1', '']) {
      const lines = [`GET /ollama/api/tags ${version}`, `Host: 127.0.0.1:${gateway.port}`]
      const answer = await rawExchange(gateway.port, rawRequest(lines))
      expect(answer.status).toBeOneOf([400, 505, null])
      answer.end()
    }
  })

  test('by a head that is too large is refused', async () => {
    const answer = await post([`X-Large: ${'x'.repeat(100_000)}`, length], BODY)
    expect(answer.status).toBeOneOf([400, 431, null])
    answer.end()
    const fields = Array.from({ length: 2000 }, (_, i) => `X-Field-${i}: 1`)
    const many = await post([...fields, length], BODY)
    expect(many.status).toBeOneOf([400, 431, null])
    many.end()
  })
})

test('the same request is served when it is framed as it should be', async () => {
  const framings: [string[], string][] = [
    [[length], BODY],
    [[chunked], CHUNK + LAST_CHUNK],
  ]
  for (const [framing, body] of framings) {
    const answer = await post(framing, body)
    expect(answer.status).toBe(200)
    answer.end()
  }
  expect(ollama.calls('/api/chat')).toHaveLength(2)
})
