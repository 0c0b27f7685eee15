import { describe, expect, test } from 'bun:test'
import { failureOf, newClient, newServer, send } from './http-client.ts'

const MIB = 1024 * 1024

/** A body without end, and how it was used. */
function createSource(size = MIB) {
  const seen = { pulled: 0, isCancelled: false }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.pulled++
        controller.enqueue(new Uint8Array(size))
      },
      cancel() {
        seen.isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, seen }
}

describe('a body that is a stream', () => {
  test('arrives whole and leaves the connection to others', async () => {
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      maxRequestBodySize: 100 * MIB,
      fetch: async (request) => {
        const encoding = request.headers.get('transfer-encoding')
        const hash = new Bun.CryptoHasher('sha256').update(await request.bytes()).digest('hex')
        return Response.json({ encoding, hash })
      },
    })
    const client = newClient()
    for (const size of [0, 1, 300_000, 20 * MIB]) {
      const bytes = new Uint8Array(size).map((_, i) => (i * 7) % 251)
      const body = new Blob([bytes.subarray(0, size / 3), bytes.subarray(size / 3)]).stream()
      const response = await send(client, `http://127.0.0.1:${server.port}/`, { body })
      const hash = new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
      expect(await response.json()).toEqual({ encoding: 'chunked', hash })
    }
    expect(client.sockets).toBe(1)
    await server.stop(true)
  })

  test('is taken no faster than the server reads', async () => {
    const server = await newServer((peer) => void peer.socket.pause())
    const abort = new AbortController()
    const { stream, seen } = createSource()
    const answer = send(newClient(), server.url, { body: stream, signal: abort.signal })
    let before = -1
    while (seen.pulled === 0 || seen.pulled !== before) {
      before = seen.pulled
      await Bun.sleep(30)
    }
    // What the two sockets hold between them, and the piece that is under way.
    expect(seen.pulled).toBeLessThan(16)
    abort.abort(new Error('mine'))
    expect(await failureOf(answer)).toHaveProperty('message', 'mine')
    expect(seen.isCancelled).toBe(true)
  })

  test('is no longer sent once the server has refused it', async () => {
    const refusal = 'HTTP/1.1 413 Content Too Large\r\ncontent-length: 9\r\n\r\ntoo large'
    const server = await newServer((peer) => {
      if (peer.received.length > 3 * MIB && peer.socket.writable) peer.socket.end(refusal)
    })
    const client = newClient()
    const { stream, seen } = createSource()
    const response = await send(client, server.url, { body: stream })
    expect(response.status).toBe(413)
    expect(await response.text()).toBe('too large')
    expect(seen.isCancelled).toBe(true)
    expect(client.sockets).toBe(0)
  })

  test('goes on while an answer that began early is read', async () => {
    const server = await newServer(({ socket, received }) => {
      const isFirst = socket.bytesWritten === 0
      if (isFirst) socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n')
      if (received.endsWith('0\r\n\r\n')) socket.write('0\r\n\r\n')
    })
    const client = newClient()
    const { promise, resolve } = Promise.withResolvers<void>()
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new Uint8Array(10))
        await promise
        controller.enqueue(new Uint8Array(10))
        controller.close()
      },
    })
    const response = await send(client, server.url, { body })
    resolve()
    expect(await response.text()).toBe('ok')
    expect(client.sockets).toBe(1)
  })

  test('that fails, fails the request and ends the connection', async () => {
    const server = await newServer(() => {})
    const client = newClient()
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
      pull: (controller) => controller.error(new Error('no more')),
    })
    expect(await failureOf(send(client, server.url, { body }))).toHaveProperty('message', 'no more')
    await (await server.peer(0)).closed
    expect(client.sockets).toBe(0)
  })

  test('is cancelled when there is no connection, and when the server goes away', async () => {
    const server = await newServer(({ socket }) => void socket.resetAndDestroy())
    for (const url of ['http://127.0.0.1:1/', server.url]) {
      const { stream, seen } = createSource()
      expect(await failureOf(send(newClient(), url, { body: stream }))).toHaveProperty('code')
      expect(seen.isCancelled).toBe(true)
    }
  })
})
