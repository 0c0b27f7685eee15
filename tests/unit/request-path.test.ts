import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createApp } from '../../app/factory.ts'
import { keyInPath, routePath } from '../../app/request-path.ts'

describe('the path that routes and logs see', () => {
  test.each([
    ['http://h/', '/'],
    ['http://h', '/'],
    ['http://h:8000/ollama/api/chat', '/ollama/api/chat'],
    ['https://[::1]:8000/ollama/api/chat', '/ollama/api/chat'],
    ['http://h/x?model=y', '/x'],
    ['http://h/x?a=/b/../c', '/x'],
    ['http://h/x#y', '/x'],
    ['http://h/?x', '/'],
    ['http://h/x/', '/x'],
    ['http://h/x//', '/x'],
    ['http://h//', '/'],
    ['http://h//admin/x', '/admin/x'],
    ['http://h/api//chat', '/api/chat'],
    ['http://h///api////chat///', '/api/chat'],
  ])('of %s is %s', (url, path) => {
    expect(routePath(url)).toBe(path)
  })

  test.each([
    '/%61dmin/x',
    '/admin%2fx',
    '/admin%2Fx',
    '/admin;x/y',
    '/x/..;/admin/x',
    '/admin%00/x',
    '/Admin/x',
    '/x/%2e%2e/admin',
    '/%',
    '/é',
    '/a+b',
  ])('is not decoded: %s', (path) => {
    expect(routePath(`http://h${path}`)).toBe(path)
  })

  test('has no end slash, no double slash, no query, and is the path of itself', () => {
    const piece = fc.constantFrom('/', '//', 'a', 'admin', '%2f', '?', '#', '.', 'k', 'ollama', ';')
    const property = fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = routePath(`http://h:1/${pieces.join('')}`)
      expect(path).toStartWith('/')
      expect(path).not.toMatch(/\/\/|[?#]/)
      if (path !== '/') expect(path).not.toEndWith('/')
      if (!path.startsWith('/ollama/k/')) expect(routePath(`http://h:1${path}`)).toBe(path)
    })
    fc.assert(property, { numRuns: 2000 })
  })

  test('is the one that the router compares, and it compares nothing else', async () => {
    const app = createApp()
    app.get('/admin/x', (c) => c.text(c.req.path))
    const status = async (path: string) => (await app.request(`http://h${path}`)).status
    for (const path of ['/admin/x', '//admin/x', '/admin//x/', '/admin/x?y', '/admin/x/']) {
      expect([path, await status(path)]).toEqual([path, 200])
    }
    const others = [
      '/Admin/x',
      '/admin%2fx',
      '/%61dmin/x',
      '/admin;a/x',
      '/admin/x%00',
      '/admin/x/y',
    ]
    for (const path of [...others, '/admin', '/x/admin/x']) {
      expect([path, await status(path)]).toEqual([path, 404])
    }
  })
})

describe('a key in the path', () => {
  test.each([
    ['/ollama/k/KEY/api/chat', '/ollama/api/chat', 'KEY'],
    ['/ollama/k/KEY/v1/models?x=/k/y', '/ollama/v1/models', 'KEY'],
    ['/ollama/k/KEY', '/ollama', 'KEY'],
    ['/ollama/k/KEY/', '/ollama', 'KEY'],
    ['//ollama//k//KEY//api/chat', '/ollama/api/chat', 'KEY'],
    ['/ollama/k/KEY?x', '/ollama', 'KEY'],
    ['/ollama/k/A/k/B/api', '/ollama/k/B/api', 'A'],
    ['/ollama/k/%4bEY/api', '/ollama/api', '%4bEY'],
  ])('is cut out of %s, which is %s', (path, route, key) => {
    expect([routePath(`http://h${path}`), keyInPath(`http://h${path}`)]).toEqual([route, key])
  })

  test.each([
    '/ollama/api/k/KEY',
    '/openai/k/KEY/v1',
    '/k/KEY/api/chat',
    '/x/ollama/k/KEY',
    '/ollama/api/chat?x=/ollama/k/KEY',
    '/ollama/kk/KEY',
    '/ollama/k',
  ])('is nowhere else: %s', (path) => {
    expect(keyInPath(`http://h${path}`)).toBeNull()
  })

  test('that is empty is none that lets anybody in', () => {
    expect(keyInPath('http://h/ollama/k/')).toBeFalsy()
    expect(keyInPath('http://h/ollama/k//api/chat')).not.toBe('')
  })
})
