import { describe, expect, test } from 'bun:test'
import { hostGuard } from '../../../app/middleware/host-guard.ts'

interface Target {
  readonly host?: string | null
  readonly url?: string
  readonly method?: string
  readonly headers?: Record<string, string>
}

/** The request as the server hands it over; some of these can't be made with `new Request`. */
function guard({ host = 'h', url, method = 'GET', headers = {} }: Target): number | null {
  const request = {
    method,
    url: url ?? `http://${host}/admin/x`,
    headers: new Headers({ ...headers, ...(host !== null && { host }) }),
  }
  return hostGuard(request as unknown as Request)?.status ?? null
}

describe('a well-formed request passes', () => {
  test.each([
    ['localhost', ''],
    ['localhost:8000', ''],
    ['LOCALHOST:8000', 'http://localhost:8000/x'],
    ['gateway.example.org', ''],
    ['gateway.example.org.', ''],
    ['my_service', ''],
    ['my-service:65535', ''],
    ['127.0.0.1:8000', ''],
    ['[::1]:8000', ''],
    ['[fd00::1]', ''],
    ['h:80', 'http://h/x'],
    ['h:080', 'http://h/x'],
    ['h:443', 'https://h/x'],
    ['h:443', 'http://h:443/x'],
  ])('to %s %s', (host, url) => {
    expect(guard({ host, ...(url && { url }) })).toBeNull()
  })

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('with %s', (method) => {
    expect(guard({ method })).toBeNull()
  })
})

describe('a malformed host is refused, so that no path is decided upon that is another', () => {
  test.each([
    'a b',
    'h#f',
    'h/x?',
    '<>',
    '/',
    '?',
    '',
    'a, a',
    'h:99999',
    'h:',
    'h:-1',
    'h:8000:8000',
    '[::1',
    '::1',
    '[g::1]',
    'user@h',
    'h\\x',
    'h%2fx',
    '-h',
    'h-',
    '.h',
    'é',
    'h;x',
    `${'h'.repeat(256)}`,
  ])('%j', (host) => {
    expect(guard({ host, url: '/admin/x' })).toBe(400)
    expect(guard({ host, url: 'http://h/admin/x' })).toBe(400)
    expect(guard({ host, url: `http://${host}/admin/x` })).toBe(400)
  })

  test('and so is none at all', () => {
    expect(guard({ host: null, url: 'http://h/x' })).toBe(400)
    expect(guard({ host: null, url: '/x' })).toBe(400)
  })
})

describe('a target that does not belong to the host is refused', () => {
  test.each([
    '/admin/x',
    'admin/x',
    '*',
    'h:443',
    '//h/x',
    'http://other/x',
    'http://h.other/x',
    'http://h:8000/x',
    'http://user@h/x',
    'http://other@h/x',
    'ftp://h/x',
    'file:///h/x',
    'https://h:80/x',
    'http:///x',
    'http://',
  ])('%s', (url) => {
    expect(guard({ host: 'h', url })).toBe(400)
  })
})

describe('a method that is not used here is refused with 405', () => {
  test.each(['TRACE', 'CONNECT', 'PROPFIND', 'get', ''])('%j', (method) => {
    expect(guard({ method })).toBe(405)
  })

  test('and those that are used are named', () => {
    const request = { method: 'TRACE', url: 'http://h/', headers: new Headers({ host: 'h' }) }
    const refusal = hostGuard(request as unknown as Request)
    expect(refusal?.headers.allow).toBe('GET, HEAD, POST, DELETE')
  })
})

describe('a length that two proxies could read differently is refused', () => {
  test.each(['5, 5', '5,6', '+5', '-1', '0x5', '5 5', 'abc', '', '1e3'])('%j', (length) => {
    expect(guard({ headers: { 'content-length': length } })).toBe(400)
  })

  test.each(['0', '5', '1000000'])('but not %j', (length) => {
    expect(guard({ headers: { 'content-length': length } })).toBeNull()
  })
})
