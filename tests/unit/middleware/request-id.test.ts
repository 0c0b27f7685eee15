import { describe, expect, test } from 'bun:test'
import { createApp } from '../../../app/factory.ts'
import { requestId } from '../../../app/middleware/request-id.ts'
import { SOCKET } from '../support/app.ts'
import { createClock } from '../support/clock.ts'

const clock = createClock(42)

function appWith(answer: () => Response) {
  const app = createApp()
  const seen: object[] = []
  app.use(requestId({ clock, newId: () => 'ours' }))
  app.get('/', (c) => {
    seen.push({ id: c.get('requestId'), at: c.get('startedAt') })
    return answer()
  })
  const get = (headers: Record<string, string> = {}) =>
    app.request('http://h/', { headers }, SOCKET) as Promise<Response>
  return { get, seen }
}

describe('the id of a request', () => {
  test.each(['a', 'Ab-9_z', 'x'.repeat(64), '019a-0000-7000'])(
    "is its caller's: %s",
    async (own) => {
      const { get, seen } = appWith(() => new Response('x'))
      const { headers } = await get({ 'x-request-id': own })
      expect(headers.get('x-request-id')).toBe(own)
      expect(seen).toEqual([{ id: own, at: 42 }])
    },
  )

  test.each(['', 'a b', 'a\tb', '{"x":1}', 'a;b', '\u001b[2J', 'é', '../x', 'a,a', 'x'.repeat(65)])(
    'is ours when it is no plain word: %j',
    async (own) => {
      const { get, seen } = appWith(() => new Response('x'))
      const { headers } = await get({ 'x-request-id': own.replaceAll('\u001b', '%1b') })
      expect(headers.get('x-request-id')).toBe('ours')
      expect(seen).toEqual([{ id: 'ours', at: 42 }])
    },
  )

  test('is ours when there is none', async () => {
    const { headers } = await appWith(() => new Response('x')).get()
    expect(headers.get('x-request-id')).toBe('ours')
  })

  test('takes the place of one that an upstream answer brought', async () => {
    const answer = () => new Response('x', { headers: { 'x-request-id': 'theirs' } })
    expect((await appWith(answer).get()).headers.get('x-request-id')).toBe('ours')
  })
})

describe('an answer', () => {
  test('that says nothing about caching is not to be kept', async () => {
    const { headers } = await appWith(() => new Response('x')).get()
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('that says something about caching is believed', async () => {
    const answer = () => new Response('x', { headers: { 'cache-control': 'max-age=300' } })
    expect((await appWith(answer).get()).headers.get('cache-control')).toBe('max-age=300')
  })

  test('is the very body that its handler gave', async () => {
    const body = new ReadableStream<Uint8Array>()
    const { get } = appWith(() => new Response(body))
    expect((await get()).body).toBe(body)
  })
})
