import { afterAll, describe, expect, test } from 'bun:test'
import { readRefusal } from '../../support/gateway/native-refusal.ts'
import { rawExchange, rawRequest } from '../../support/gateway/raw-http.ts'
import { type CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const MIB = 1024 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }

const stage = await setStage()
const small = await setStage({ settings: { maxBodyBytes: MIB, bodyTimeoutSeconds: 1 } })
afterAll(async () => {
  await stage[Symbol.asyncDispose]()
  await small[Symbol.asyncDispose]()
})

/** A chat whose body has this text where the others end. */
const chatWith = (rest: string): string =>
  `{"model":"${MODEL}","stream":false,"messages":[{"role":"user","content":"hi"}]${rest}}`
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

describe('a body that is too large', () => {
  const large = chatWith(`,"format":"${'x'.repeat(MIB)}"`)

  test('is refused by its length, before it comes', async () => {
    const answer = await rawExchange(
      small.gateway.port,
      rawRequest([
        'POST /ollama/api/chat HTTP/1.1',
        `Host: 127.0.0.1:${small.gateway.port}`,
        `Authorization: Bearer ${small.user.key}`,
        `Content-Length: ${MIB + 1}`,
      ]),
    )
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'body_too_large' })
    answer.end()
  })

  test('is refused where its length is not told, and when it is', async () => {
    const chunked = new Blob([large]).stream()
    for (const body of [chunked, large]) {
      const response = await small.post('/ollama/api/chat', body, { headers: JSON_TYPE })
      expect(await readRefusal(response)).toMatchObject({ status: 413, code: 'body_too_large' })
    }
    expect(small.ollama.calls('/api/chat')).toEqual([])
  })

  test('is read when it is just not too large', async () => {
    const body = chatWith(`,"nobody_knows":"${'x'.repeat(MIB - 200)}"`)
    const response = await small.post('/ollama/api/chat', body, { headers: JSON_TYPE })
    expect(response.status).toBe(200)
  })
})

test('a body that does not come is waited for only so long', async () => {
  const answer = await rawExchange(
    small.gateway.port,
    rawRequest(
      [
        'POST /ollama/api/chat HTTP/1.1',
        `Host: 127.0.0.1:${small.gateway.port}`,
        `Authorization: Bearer ${small.user.key}`,
        'Content-Length: 100',
      ],
      '{"model":',
    ),
  )
  expect(answer.status).toBe(408)
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'body_timeout', status: 408 })
  answer.end()
})

const REFUSED: readonly [string, string | Uint8Array<ArrayBuffer>][] = [
  ['nothing', ''],
  ['only spaces', ' \n\t '],
  ['half an object', '{"model":'],
  ['null', 'null'],
  ['a list', '[]'],
  ['a text', '"hi"'],
  ['a number', '7'],
  ['trailing garbage', `${chatWith('')} x`],
  ['a second value', `${chatWith('')}${chatWith('')}`],
  ['a byte order mark', `\ufeff${chatWith('')}`],
  ['a comment', `/* hi */ ${chatWith('')}`],
  ['a trailing comma', chatWith(',')],
  ['single quotes', "{'model':'m'}"],
  ['bytes that are no UTF-8', Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
  ['an overlong UTF-8 form', Uint8Array.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x7d])],
  ['a raw control character in a text', chatWith(',"format":"a\nb"')],
  ['65 levels', chatWith(`,"tools":${nested(64)}`)],
  ['a hundred thousand levels', chatWith(`,"tools":${nested(100_000)}`)],
  ['levels that never close', '['.repeat(100_000)],
  ['a key of a megabyte', chatWith(`,"${'k'.repeat(MIB)}":1`)],
  [
    'more messages than anyone needs',
    `{"model":"${MODEL}","messages":[${'{"role":"user"},'.repeat(10_000)}{"role":"user"}]}`,
  ],
  ['a number that is infinite', chatWith(',"options":{"temperature":1e999}')],
  [
    'a number of ten million digits',
    chatWith(`,"options":{"temperature":${'1'.repeat(10_000_000)}}`),
  ],
  ['a seed beyond all exact integers', chatWith(',"options":{"seed":9007199254740993}')],
]

describe('a body that is malformed', () => {
  test.each(REFUSED)('(%s) is a bad request', async (_, body) => {
    const response = await stage.post('/ollama/api/chat', body, { headers: JSON_TYPE })
    expect(await readRefusal(response)).toMatchObject({ status: 400, code: 'bad_request' })
    expect(stage.ollama.calls('/api/chat')).toEqual([])
  })
})

test.each([
  ['a lone surrogate', '"\\ud800"'],
  ['a NUL', '"a\\u0000b"'],
  ['all of Unicode', '"\u{10ffff}🦙\\ud83e\\udd99"'],
  ['line separators', '"\u2028\u2029"'],
])('a text with %s is passed on as JSON, or refused, and leaves its row', async (_, text) => {
  await using own = await setStage()
  const body = `{"model":"${MODEL}","stream":false,"messages":[{"role":"user","content":${text}}]}`
  const response = await own.post('/ollama/api/chat', body, { headers: JSON_TYPE })
  expect(response.status).toBeOneOf([200, 400])
  if (response.status === 400) return
  await response.text()
  const sent = own.ollama.calls('/api/chat').at(-1)?.json() as typeof CHAT
  expect(sent.messages[0].content.toWellFormed()).toBe(JSON.parse(text).toWellFormed())
  expect(await own.gateway.usageOf(own.user)).toHaveLength(1)
})
