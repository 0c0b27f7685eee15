import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { showRequest } from '../../../app/domain/model-requests.ts'
import { chatRequest } from '../../../app/domain/native.ts'
import { bodyOf, jsonBody, noBody } from '../../../app/middleware/body.ts'
import { createTestApp, SOCKET } from '../support/app.ts'
import { watchedRequest } from '../support/watched-body.ts'

const LIMITS = { maxBytes: 1_000_000, timeoutMs: 5000 }
const schema = z.object({ model: z.string(), count: z.number().optional() })

/** Answers with what was made of the body. */
function appFor(shape: z.ZodType) {
  const app = createTestApp()
  app.post('/', jsonBody(bodyOf(shape), LIMITS), (c) => c.json({ body: c.get('body') }))
  return app
}

async function send(
  body: string | Buffer<ArrayBuffer>,
  headers: Record<string, string> = { 'content-type': 'application/json' },
  shape: z.ZodType = schema,
) {
  const request = new Request('http://localhost/', { method: 'POST', body, headers })
  const response = await appFor(shape).request(request, undefined, SOCKET)
  const answer = (await response.json()) as { error?: string; body?: unknown }
  return { status: response.status, ...answer }
}

describe('the media type', () => {
  test.each([
    [200, 'application/json', ''],
    [200, 'Application/JSON; charset=UTF-8', ''],
    [200, 'application/json;charset="utf-8"', ''],
    [200, 'application/json ; charset=utf8', ''],
    [200, 'application/x-www-form-urlencoded', ''],
    [200, '', ''],
    [415, 'text/plain', ''],
    [415, 'text/json', ''],
    [415, 'application/xml', ''],
    [415, 'application/jsonp', ''],
    [415, 'multipart/form-data; boundary=x', ''],
    [415, 'application/json; charset=latin1', ''],
    [415, 'application/json; charset=utf-16', ''],
    [415, 'application/json', 'gzip'],
    [415, 'application/json', 'zstd'],
    [415, 'application/json', 'br'],
  ])('is answered with %d when it is "%s", encoded "%s"', async (status, type, encoding) => {
    const headers = { 'content-type': type, ...(encoding && { 'content-encoding': encoding }) }
    expect(await send('{"model":"x"}', headers)).toMatchObject({ status })
  })

  test('that is not ours is refused before the body is read', async () => {
    const { request, reads } = watchedRequest('http://localhost/', {
      headers: { 'content-type': 'text/plain' },
    })
    const response = await appFor(schema).request(request, undefined, SOCKET)
    expect([response.status, reads()]).toEqual([415, 0])
  })
})

describe('a body', () => {
  test('is reduced to the fields that are known', async () => {
    const text = '{"model":"x","count":1,"admin":true,"constructor":{"a":1},"options":{"deep":1}}'
    expect(await send(text)).toMatchObject({ status: 200, body: { model: 'x', count: 1 } })
    expect((await send(text)).body).toEqual({ model: 'x', count: 1 })
  })

  test.each([
    ['', 'missing request body'],
    [' \n', 'missing request body'],
    ['null', 'the request body must be a JSON object'],
    ['[]', 'the request body must be a JSON object'],
    ['"x"', 'the request body must be a JSON object'],
    ['42', 'the request body must be a JSON object'],
    ['{"model":', 'the request body is not valid JSON'],
    ['{"model":"x"} {}', 'the request body is not valid JSON'],
    ['\ufeff{"model":"x"}', 'the request body is not valid JSON'],
    ['{"model":"a","model":"b"}', 'the field "model" appears twice'],
    ['{"__proto__":{"model":"b"}}', 'the field "__proto__" is not accepted'],
    ['{"model":"a","MODEL":"b"}', 'unknown field "MODEL"; write it as "model"'],
    ['{"Model":"b"}', 'unknown field "Model"; write it as "model"'],
    ['{"model":"x","\\u0043ount":1}', 'unknown field "Count"; write it as "count"'],
    ['{}', 'model: '],
    ['{"model":["x"]}', 'model: '],
    ['{"model":"x","count":"1"}', 'count: '],
    ['{"model":"x","count":1e999}', 'too large'],
    [`{"model":"x","a":${'['.repeat(64)}${']'.repeat(64)}}`, 'nested deeper than 64 levels'],
    [`{"${'k'.repeat(5000)}":1}`, 'a field name is too long'],
  ])('is refused with 400: %.60s', async (text, problem) => {
    const answer = await send(text)
    expect(answer.status).toBe(400)
    expect(answer.error).toContain(problem)
  })

  test('may not spell a field as only Ollama would read it', async () => {
    for (const key of ['me\u017F\u017Fages', 'MESSAGES', 'Messages', '\u212Aeep_alive']) {
      const answer = await send(JSON.stringify({ model: 'x', [key]: [] }), undefined, chatRequest)
      expect([key, answer.status]).toEqual([key, 400])
    }
  })

  test('names the model once: as model or as name', async () => {
    const status = async (body: object) =>
      (await send(JSON.stringify(body), undefined, showRequest)).status
    expect(await status({ model: 'x' })).toBe(200)
    expect(await status({ name: 'x' })).toBe(200)
    expect(await status({ model: 'x', name: 'y' })).toBe(400)
    expect(await status({ model: 'x', Name: 'y' })).toBe(400)
    expect(await status({})).toBe(400)
  })

  test.each([
    ['a lone byte', [0xff]],
    ['half a character', [0xe6, 0x97]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character in too many bytes', [0xc0, 0x80]],
    ['Latin-1', [0x47, 0x72, 0xfc, 0xdf, 0x65]],
  ])('is refused with 400 when it is not UTF-8: %s', async (_, content) => {
    const body = Buffer.from([...Buffer.from('{"model":"'), ...content, ...Buffer.from('"}')])
    const answer = await send(body)
    expect([answer.status, answer.error]).toEqual([400, 'the request body is not valid UTF-8'])
  })

  test('in any script is read as it was written', async () => {
    const model = 'Grüße 日本語 😀 \\u0000 \\ud800'
    const body = `{"model":"${model}"}`
    expect((await send(body)).body).toEqual(JSON.parse(body))
  })
})

test('an operation without a body reads none', async () => {
  const app = createTestApp()
  app.post('/', noBody<never>(), (c) => c.json({ body: c.get('body') }))
  const { request, reads } = watchedRequest('http://localhost/')
  const response = await app.request(request, undefined, SOCKET)
  expect(await response.json()).toEqual({})
  expect(reads()).toBe(0)
})

test.each([
  [{ a: 'xxxx' }, 'a: must have at most 3 characters'],
  [{ a: '' }, 'a: must have at least 1 characters'],
  [{ b: 9 }, 'b: must be at most 5'],
  [{ a: 'x', b: 'y' }, 'b: must be a number'],
  [{ a: 'x', c: 1.5 }, 'c: must be a whole number'],
  [{}, 'a: is required'],
])('what a body lacks is told in our words: %j', async (body, words) => {
  const shape = z.object({
    a: z.string().min(1).max(3),
    b: z.number().max(5).optional(),
    c: z.int().optional(),
  })
  const sent = { ...(!('a' in body) && 'b' in body && { a: 'x' }), ...body }
  expect((await send(JSON.stringify(sent), undefined, shape)).error).toBe(words)
})
