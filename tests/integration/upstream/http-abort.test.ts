import { describe, expect, spyOn, test } from 'bun:test'
import { bodyOf, failureOf, newClient, newServer, send } from './http-client.ts'
import { answering, whole } from './raw-server.ts'

const BEGUN = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n'
/** How soon the server must see an abort, in ms; it is the same process. */
const SOON_MS = 5

const silent = answering(() => {})
const begun = answering(({ socket }) => socket.write(BEGUN))

describe('an abort', () => {
  test('before the request sends nothing', async () => {
    const server = await newServer(silent)
    const client = newClient()
    const signal = AbortSignal.abort(new Error('never'))
    expect(await failureOf(send(client, server.url, { signal }))).toHaveProperty('message', 'never')
    expect(client.sockets).toBe(0)
    expect(server.peers.length).toBe(0)
  })

  test('while connecting leaves no connection', async () => {
    const server = await newServer(silent)
    const client = newClient()
    const abort = new AbortController()
    const failure = failureOf(send(client, server.url, { signal: abort.signal }))
    abort.abort()
    expect(await failure).toHaveProperty('name', 'AbortError')
    expect(client.sockets).toBe(0)
    const peer = await server.peer(0)
    await peer.closed
    expect(peer.received).toBe('')
  })

  test('during the TLS handshake closes the connection', async () => {
    const server = await newServer(() => {})
    const client = newClient()
    const abort = new AbortController()
    const url = server.url.replace('http:', 'https:')
    const failure = failureOf(send(client, url, { signal: abort.signal }))
    const peer = await server.peer(0)
    abort.abort(new Error('mine'))
    expect(await failure).toHaveProperty('message', 'mine')
    await peer.closed
    expect(client.sockets).toBe(0)
  })

  test('before the head closes the connection at once', async () => {
    const abort = new AbortController()
    let abortedAt = 0
    const server = await newServer(
      answering(() => {
        abortedAt = performance.now()
        abort.abort(new Error('mine'))
      }),
    )
    const client = newClient()
    const failure = failureOf(send(client, server.url, { signal: abort.signal }))
    expect(await failure).toHaveProperty('message', 'mine')
    expect((await (await server.peer(0)).closed) - abortedAt).toBeLessThan(SOON_MS)
    expect(client.sockets).toBe(0)
  })

  test('in the middle of the body ends who waits, and closes the connection at once', async () => {
    const server = await newServer(begun)
    const client = newClient()
    const readings = [
      (body: ReadableStream<Uint8Array>) => readOn(body),
      (body: ReadableStream<Uint8Array>) => new Response(body).text(),
    ]
    for (const [number, read] of readings.entries()) {
      const abort = new AbortController()
      const body = bodyOf(await send(client, server.url, { signal: abort.signal }))
      const failure = failureOf(read(body))
      const { closed } = await server.peer(number)
      const abortedAt = performance.now()
      abort.abort(new Error('mine'))
      expect(await failure).toHaveProperty('message', 'mine')
      expect((await closed) - abortedAt).toBeLessThan(SOON_MS)
      expect(client.sockets).toBe(0)
    }
  })

  test('ends a body that is read whole, and one that nobody reads yet', async () => {
    const server = await newServer(begun)
    const client = newClient()
    const abort = new AbortController()
    const { signal } = abort
    const read = failureOf((await send(client, server.url, { signal })).text())
    const unread = await send(client, server.url, { signal })
    abort.abort()
    expect(await read).toHaveProperty('name', 'AbortError')
    expect(await failureOf(unread.text())).toHaveProperty('name', 'AbortError')
    expect(client.sockets).toBe(0)
  })

  test('after the last byte changes nothing', async () => {
    const server = await newServer(answering(({ socket }) => socket.write(whole('all'))))
    const client = newClient()
    const abort = new AbortController()
    const response = await send(client, server.url, { signal: abort.signal })
    abort.abort()
    expect(await response.text()).toBe('all')
    expect(client.sockets).toBe(1)
  })
})

test('a signal that lives on is left without listeners, however its requests end', async () => {
  const server = await newServer(
    answering(({ socket }, request) => {
      if (request.startsWith('POST /broken')) socket.end(BEGUN)
      else if (request.startsWith('POST /nothing')) socket.end()
      else if (request.startsWith('POST /nonsense')) socket.write('nonsense\r\n\r\n')
      else if (request.startsWith('POST /begun')) socket.write(BEGUN)
      else socket.write(whole('all'))
    }),
  )
  const client = newClient()
  const { signal } = new AbortController()
  const added = spyOn(signal, 'addEventListener')
  const removed = spyOn(signal, 'removeEventListener')
  for (const path of ['/', '/broken', '/nothing', '/nonsense', '/']) {
    const answer = send(client, server.url + path, { signal })
    await answer.then((response) => response.text()).catch(() => {})
  }
  await bodyOf(await send(client, `${server.url}/begun`, { signal })).cancel()
  await failureOf(send(client, 'http://127.0.0.1:1/', { signal }))
  expect(added).toHaveBeenCalledTimes(7)
  expect(removed).toHaveBeenCalledTimes(7)
})

async function readOn(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader()
  await reader.read()
  await reader.read()
}
