import { describe, expect, test } from 'bun:test'
import { readBody } from '../../../app/middleware/read-body.ts'
import { manualStream, streamOf } from '../support/byte-stream.ts'
import { watchedRequest } from '../support/watched-body.ts'

const URL = 'http://localhost/'
const LIMITS = { maxBytes: 4096, timeoutMs: 5000 }

const post = (body: Bun.BodyInit | null, headers: Record<string, string> = {}): Request =>
  new Request(URL, { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('a body is read as the text it is', () => {
  test.each([
    ['without content', null, ''],
    ['of no bytes', '', ''],
    ['in one piece', '{"a":"Grüße 😀"}', '{"a":"Grüße 😀"}'],
    ['with a mark at its beginning', '\ufeff{}', '\ufeff{}'],
    ['with zero bytes', 'a\u0000b', 'a\u0000b'],
  ])('%s', async (_, body, text) => {
    expect(await readBody(post(body), LIMITS)).toBe(text)
    const headers = { 'content-length': String(bytes(body ?? '').length) }
    expect(await readBody(post(body, headers), LIMITS)).toBe(text)
  })

  test('in pieces, cut inside a character', async () => {
    const all = bytes('{"a":"日本😀"}')
    const pieces = Array.from(all, (byte) => Uint8Array.of(byte))
    expect(await readBody(post(streamOf(pieces)), LIMITS)).toBe('{"a":"日本😀"}')
  })
})

describe('a body is refused', () => {
  test('with 413 when it says that it is too long, before any of it is read', async () => {
    const headers = { 'content-length': '4097' }
    const { request, reads } = watchedRequest(URL, { headers })
    await expect(readBody(request, LIMITS)).rejects.toMatchObject({
      status: 413,
      message: 'the request body is larger than 4096 bytes',
    })
    expect(reads()).toBe(0)
  })

  test('with 413 when it turns out to be too long, and no more of it is read than that', async () => {
    const { request, reads, isCancelled } = watchedRequest(URL)
    await expect(readBody(request, LIMITS)).rejects.toMatchObject({ status: 413 })
    expect(reads()).toBeLessThanOrEqual(6)
    expect(isCancelled()).toBe(true)
  })

  test('not when it is exactly as long as it may be', async () => {
    expect(await readBody(watchedRequest(URL, { pieces: 4 }).request, LIMITS)).toHaveLength(4096)
    expect(await readBody(post('x'.repeat(4096)), LIMITS)).toHaveLength(4096)
  })

  test('with 408 when it takes too long to arrive, however it drips', async () => {
    const { stream, send } = manualStream()
    send('{"a":')
    const slow = readBody(post(stream), { ...LIMITS, timeoutMs: 20 })
    await expect(slow).rejects.toMatchObject({ status: 408, code: 'body_timeout' })
  })

  test.each([
    ['a lone byte', [0xff]],
    ['half a character', [0xe6, 0x97]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character in too many bytes', [0xc0, 0x80]],
    ['Latin-1', [0x47, 0x72, 0xfc, 0xdf, 0x65]],
  ])('with 400 when it is not UTF-8: %s', async (_, content) => {
    const body = Uint8Array.from(content)
    await expect(readBody(post(body), LIMITS)).rejects.toMatchObject({ status: 400 })
  })

  test('as left by its sender when it breaks off: that is no error of ours', async () => {
    const { stream, send, fail } = manualStream()
    send('{"a":')
    const reading = readBody(post(stream), LIMITS)
    fail(new Error('aborted'))
    await expect(reading).rejects.toMatchObject({ name: 'GatewayError', code: 'client_closed' })
  })
})
