import { describe, expect, test } from 'bun:test'
import { readBody } from '../../../app/middleware/read-body.ts'
import { manualStream, streamOf } from '../support/byte-stream.ts'
import { watchedRequest } from '../support/watched-body.ts'

const URL = 'http://localhost/'
const LIMITS = { maxBytes: 4096, timeoutMs: 5000 }

type Content = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null

const post = (body: Content, headers: Record<string, string> = {}): Request =>
  new Request(URL, { method: 'POST', body, headers, duplex: 'half' } as RequestInit)

describe('a body is read byte for byte', () => {
  test.each([
    ['without content', null, []],
    ['of no bytes', '', []],
    ['of text', 'é', [0xc3, 0xa9]],
    ['of what is no text', Uint8Array.of(0xff, 0, 0xed, 0xa0), [0xff, 0, 0xed, 0xa0]],
  ])('%s, whether its length is known or not', async (_, body, content) => {
    const expected = Buffer.from(content)
    expect(Buffer.from(await readBody(post(body), LIMITS))).toEqual(expected)
    const headers = { 'content-length': String(content.length) }
    expect(Buffer.from(await readBody(post(body, headers), LIMITS))).toEqual(expected)
  })

  test('in however many pieces it comes', async () => {
    const all = Buffer.from('{"a":"日本😀"}')
    const pieces = Array.from(all, (byte) => Uint8Array.of(byte))
    expect(Buffer.from(await readBody(post(streamOf(pieces)), LIMITS))).toEqual(all)
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

  test('as left by its sender when it breaks off: that is no error of ours', async () => {
    const { stream, send, fail } = manualStream()
    send('{"a":')
    const reading = readBody(post(stream), LIMITS)
    fail(new Error('aborted'))
    await expect(reading).rejects.toMatchObject({ name: 'GatewayError', code: 'client_closed' })
  })
})
