import { describe, expect, test } from 'bun:test'
import { createOrigins, pathOf } from '../../../../app/upstream/http/origin.ts'
import { requestHead } from '../../../../app/upstream/http/request.ts'

const { signal } = new AbortController()
const head = (method: string, headers: Record<string, string> = {}, body: string | null = null) =>
  requestHead('host:1', '/x', { method, headers, body, signal })

describe('the head of a request', () => {
  test('has the host first, the fields as given, and the length in bytes', () => {
    expect(head('POST', { accept: 'a', 'x-y': '' }, 'é€')).toBe(
      'POST /x HTTP/1.1\r\nhost: host:1\r\naccept: a\r\nx-y: \r\ncontent-length: 5\r\n\r\n',
    )
  })

  test('announces an empty body where one could be expected', () => {
    expect(head('GET')).not.toContain('content-length')
    expect(head('HEAD')).not.toContain('content-length')
    expect(head('DELETE')).toContain('content-length: 0\r\n')
    expect(head('POST')).toContain('content-length: 0\r\n')
  })

  test('has the fields as they are now, unless they are frozen', () => {
    const headers: Record<string, string> = { a: 'before' }
    expect(head('GET', headers)).toContain('a: before\r\n')
    headers.a = 'after'
    expect(head('GET', headers)).toContain('a: after\r\n')
    const frozen = Object.freeze({ a: 'always' })
    for (const _ of [1, 2]) expect(head('GET', frozen)).toContain('a: always\r\n')
    const wrong = Object.freeze({ 'a b': 'x' })
    for (const _ of [1, 2]) expect(() => head('GET', wrong)).toThrow(TypeError)
  })

  test('announces chunks for a stream, which must not be in use', () => {
    const body = new ReadableStream<Uint8Array>()
    const init = { method: 'POST', headers: {}, body, signal }
    expect(requestHead('h', '/', init)).toContain('transfer-encoding: chunked\r\n')
    body.getReader()
    expect(() => requestHead('h', '/', init)).toThrow(TypeError)
  })

  test('is refused when a field could be read as something else', () => {
    const fields = [
      { 'a b': 'x' },
      { 'a:': 'x' },
      { '': 'x' },
      { a: 'x\r\nb: c' },
      { a: 'x\n' },
      { a: 'x\0' },
      { a: 'é' },
      { 'a\r\nb': 'x' },
      { Host: 'other' },
      { 'Content-Length': '3' },
      { 'transfer-encoding': 'chunked' },
      { connection: 'close' },
      { expect: '100-continue' },
    ]
    for (const field of fields) {
      expect(() => head('POST', field as Record<string, string>)).toThrow(TypeError)
    }
    for (const method of ['CONNECT', 'get', 'G T', 'GET\r\n', '']) {
      expect(() => head(method)).toThrow(TypeError)
    }
  })
})

describe('a URL', () => {
  const originOf = createOrigins()
  const resolve = (url: string) => ({ origin: originOf(url), path: pathOf(url) })

  test('is taken apart into what to connect to and what to ask for', () => {
    expect(resolve('http://a.test:8080/x/y?z=1')).toEqual({
      origin: { authority: 'a.test:8080', hostname: 'a.test', port: 8080, isTls: false },
      path: '/x/y?z=1',
    })
    expect(resolve('https://b.test')).toEqual({
      origin: { authority: 'b.test', hostname: 'b.test', port: 443, isTls: true },
      path: '/',
    })
    expect(resolve('http://[::1]:11434/').origin).toMatchObject({
      authority: '[::1]:11434',
      hostname: '::1',
    })
    expect(resolve('http://127.0.0.1/').origin.port).toBe(80)
  })

  test('of a known origin stands for the same one', () => {
    expect(resolve('http://a.test:8080/other').origin).toBe(resolve('http://a.test:8080/').origin)
  })

  test('is refused when it could be read as something else', () => {
    const urls = [
      'ftp://a.test/',
      'HTTP://a.test/',
      'file:///etc/passwd',
      '/x',
      'http://',
      'http://user:secret@a.test/',
      'http://a.test?x',
      'http://a.test#x',
      'http://a.test/#x',
      'http://a.test/a b',
      'http://a.test/a\r\nb',
      'http://a.test/é',
      'http://a.test:99999/',
    ]
    for (const url of urls) expect(() => resolve(url)).toThrow(TypeError)
  })
})
