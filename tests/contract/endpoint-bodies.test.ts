import { afterAll, describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { readProblem } from '../support/gateway/problem.ts'
import { rawExchange, rawRequest } from '../support/gateway/raw-http.ts'
import { setEndpointStage } from './endpoint-world.ts'
import { type EndpointCase, NAMED_CASES } from './endpoints.ts'

const MIB = 1024 * 1024
const JSON_TYPE = 'application/json'

const world = await setEndpointStage()
const { gateway } = world.stage
const admin = await gateway.administrator()
afterAll(() => world[Symbol.asyncDispose]())

const withBody = NAMED_CASES.filter(([, { takesBody }]) => takesBody)

interface Sent {
  readonly path: string
  /** The body of a good request. */
  readonly good: Readonly<Record<string, unknown>>
  send(body: BodyInit, headers?: Readonly<Record<string, string>>): Promise<Response>
}
type BodyInit = NonNullable<RequestInit['body']>

/** A good request, to be sent with whatever body. */
async function prepare(endpoint: EndpointCase): Promise<Sent> {
  const { method, path, body } = await endpoint.request(world, admin)
  if (!body) throw new Error(`${path} takes a body and its good request has none`)
  return {
    path,
    good: body,
    send: (text, headers = {}) =>
      fetch(gateway.url + path, {
        method,
        headers: {
          ...(endpoint.access !== 'anybody' && { authorization: `Bearer ${admin.key}` }),
          'content-type': JSON_TYPE,
          ...headers,
        },
        body: text,
      }),
  }
}

const TYPES = [
  'text/plain',
  'text/plain;charset=UTF-8',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/json',
  'application/xml',
  'application/jsonp',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/json, text/plain',
  'application/json; charset=utf-16',
  'application/json; charset=iso-8859-1',
  'nonsense',
]

/** What is no object of JSON that means the same to every reader, made from one that is. */
const BROKEN: readonly (readonly [string, (good: string) => string | Uint8Array<ArrayBuffer>])[] = [
  ['nothing', () => ''],
  ['only spaces', () => ' \n\t '],
  ['half of it', (good) => good.slice(0, -1)],
  ['null', () => 'null'],
  ['a list', (good) => `[${good}]`],
  ['a text', () => '"hi"'],
  ['a number', () => '7'],
  ['trailing garbage', (good) => `${good} x`],
  ['a second object', (good) => good + good],
  ['a byte order mark', (good) => `\ufeff${good}`],
  ['a comment', (good) => `/* hi */ ${good}`],
  ['a form', () => 'username=anna&password=x'],
  ['bytes that are no UTF-8', () => Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
  ['the same field twice', (good) => withField(good, '"x":1,"x":1')],
  ['the same field twice, once escaped', (good) => withField(good, '"x":1,"\\u0078":2')],
  ['the same field twice, deeper', (good) => withField(good, '"x":[{"y":1,"y":2}]')],
  ['__proto__', (good) => withField(good, '"__proto__":{"is_admin":true}')],
  ['__proto__, escaped', (good) => withField(good, '"\\u005f_proto__":{"is_admin":true}')],
  ['__proto__, deeper', (good) => withField(good, '"scopes":{"__proto__":{"is_admin":true}}')],
  ['65 levels', (good) => withField(good, `"x":${'['.repeat(64)}${']'.repeat(64)}`)],
  ['a hundred thousand levels', (good) => withField(good, `"x":${'['.repeat(100_000)}`)],
  ['a number that is infinite', (good) => withField(good, '"x":1e999')],
  ['a whole number that is not exact', (good) => withField(good, '"x":9007199254740993')],
  ['a field of a name of 100 KB', (good) => withField(good, `"${'x'.repeat(100_000)}":1`)],
]

const withField = (object: string, field: string): string =>
  object === '{}' ? `{${field}}` : `${object.slice(0, -1)},${field}}`

/** What somebody may hope to set who should not. */
const FOREIGN = {
  constructor: { prototype: { is_admin: true } },
  prototype: { is_admin: true },
  toString: 'x',
  hasOwnProperty: 1,
  is_admin: true,
  isAdmin: true,
  admin: true,
  owner_id: admin.id,
  user_id: admin.id,
  userId: admin.id,
  id: 'x',
  quota: 1_000_000,
  created_at: '2001-01-01T00:00:00Z',
  password_hash: 'x',
  'scopes.permissions': ['users:manage'],
  'roles[]': 'admin',
}

describe.each(withBody)('%s', (_, endpoint) => {
  test('reads nothing but JSON in UTF-8 as it is', async () => {
    const { good, send } = await prepare(endpoint)
    const before = await world.snapshot()
    const text = JSON.stringify(good)
    for (const type of TYPES) {
      const { status, code } = await readProblem(await send(text, { 'content-type': type }))
      expect([type, status, code]).toEqual([type, 415, 'unsupported_media_type'])
    }
    for (const encoding of ['gzip', 'zstd', 'br', 'deflate', 'identity', 'nonsense']) {
      const bytes = Uint8Array.from(encoding === 'gzip' ? gzipSync(text) : Buffer.from(text))
      const { status } = await readProblem(await send(bytes, { 'content-encoding': encoding }))
      expect([encoding, status]).toEqual([encoding, 415])
    }
    expect(await world.snapshot()).toBe(before)
  })

  test('refuses what two readers could read differently', async () => {
    const { good, send } = await prepare(endpoint)
    const before = await world.snapshot()
    for (const [what, make] of BROKEN) {
      const { status, code, detail } = await readProblem(await send(make(JSON.stringify(good))))
      expect([what, status, code]).toEqual([what, 400, 'bad_request'])
      expect(detail.length).toBeLessThan(200)
    }
    expect(await world.snapshot()).toBe(before)
  })

  test('refuses every field that it does not know, by its name, and changes nothing', async () => {
    const { good, send } = await prepare(endpoint)
    const before = await world.snapshot()
    const variants = Object.entries(good).flatMap(([name, value]): [string, unknown][] => [
      [name.toUpperCase(), value],
      [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, value],
      [` ${name}`, value],
      [`${name}\u200b`, value],
    ])
    for (const [name, value] of [...Object.entries(FOREIGN), ...variants]) {
      const { status, code, errors } = await readProblem(
        await send(JSON.stringify({ ...good, [name]: value })),
      )
      expect([name, status, code]).toEqual([name, 422, 'invalid'])
      expect(errors).toEqual([{ field: name, message: 'there is no such field' }])
    }
    expect(await world.snapshot()).toBe(before)
  })

  test('refuses a field of another type, by its name', async () => {
    const { good, send } = await prepare(endpoint)
    const before = await world.snapshot()
    for (const name of Object.keys(good)) {
      for (const value of [null, 0.5, { toString: 'x' }, { $ne: null }, [[]], -1, 'a\u0000b']) {
        if (value === null && name === 'enabled') continue // for what the configuration says
        const response = await send(JSON.stringify({ ...good, [name]: value }))
        const { status, errors } = await readProblem(response)
        expect([name, value, status]).toEqual([name, value, 422])
        expect(errors?.every(({ field }) => field.split('.')[0] === name)).toBe(true)
      }
    }
    expect(await world.snapshot()).toBe(before)
  })

  test('refuses more than 1 MiB, by its length before it comes and as it comes', async () => {
    const { path, good, send } = await prepare(endpoint)
    const large = JSON.stringify({ ...good, description: 'x'.repeat(MIB) })
    const answer = await rawExchange(
      gateway.port,
      rawRequest([
        `${endpoint.method} ${path} HTTP/1.1`,
        `Host: 127.0.0.1:${gateway.port}`,
        `Authorization: Bearer ${admin.key}`,
        `Content-Type: ${JSON_TYPE}`,
        `Content-Length: ${MIB + 1}`,
      ]),
    )
    expect(answer.status).toBe(413)
    answer.end()
    for (const body of [large, new Blob([large]).stream()]) {
      const { status, code } = await readProblem(await send(body))
      expect([status, code]).toEqual([413, 'body_too_large'])
    }
  })
})

test('none of all that has reached the prototype of every object', () => {
  expect(({} as Record<string, unknown>).is_admin).toBeUndefined()
})
