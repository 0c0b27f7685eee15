import { describe, expect, test } from 'bun:test'
import { bodyOf, newClient, newServer, send } from './http-client.ts'
import { answering, whole } from './raw-server.ts'

describe('a request', () => {
  test('arrives as it was meant, and its answer too', async () => {
    const requests: string[] = []
    const server = await newServer(
      answering((peer, request) => {
        requests.push(request)
        peer.socket.write(whole('ans\u00fcer', 'X-A: b\r\nx-a: c\r\n'))
      }),
    )
    const response = await send(newClient(), `${server.url}/api/chat?x=1`)
    expect(response).toMatchObject({ status: 200, ok: true })
    expect(response.headers.get('X-a')).toBe('b, c')
    expect(response.headers.get('missing')).toBeNull()
    expect(await response.text()).toBe('ans\u00fcer')
    expect(requests).toEqual([
      `POST /api/chat?x=1 HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\n` +
        'content-type: text/plain\r\ncontent-length: 8\r\n\r\nquestion',
    ])
  })

  test('of 20 MB arrives whole', async () => {
    const body = 'é'.repeat(10_000_000)
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: async (request) => new Response(String((await request.text()) === body)),
    })
    const response = await send(newClient(), `http://localhost:${server.port}/`, { body })
    expect(await response.text()).toBe('true')
    await server.stop(true)
  })
})

describe('a response', () => {
  test('is read whole as bytes, text or JSON, also when it comes in pieces', async () => {
    const server = await newServer(
      answering((peer, request) => {
        const response = whole('{"a":[1,2]}')
        if (request.startsWith('GET /whole')) peer.socket.write(response)
        else dribble(peer.socket, response)
      }),
    )
    const client = newClient()
    for (const path of ['/whole', '/pieces']) {
      const ask = () => send(client, server.url + path, { method: 'GET', body: null })
      expect(await (await ask()).json()).toEqual({ a: [1, 2] })
      expect(await (await ask()).text()).toBe('{"a":[1,2]}')
      expect(Buffer.from(await (await ask()).arrayBuffer()).toString()).toBe('{"a":[1,2]}')
      const looked = await ask()
      expect(looked.body).toBe(bodyOf(looked))
      expect(await looked.text()).toBe('{"a":[1,2]}')
    }
    expect(server.peers.length).toBe(1)
  })

  test('is streamed as it comes', async () => {
    const server = await newServer(
      answering(({ socket }) =>
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'),
      ),
    )
    const client = newClient()
    const reader = bodyOf(await send(client, server.url)).getReader()
    const { socket } = await server.peer(0)
    for (const line of ['one\n', 'two\n', 'three\n']) {
      const pending = reader.read()
      socket.write(`${line.length}\r\n${line}\r\n`)
      expect(Buffer.from((await pending).value ?? []).toString()).toBe(line)
    }
    socket.write('0\r\n\r\n')
    expect((await reader.read()).done).toBe(true)
    expect(client.sockets).toBe(1)
  })

  test('without a body has none', async () => {
    const server = await newServer(
      answering(({ socket }, request) => {
        if (request.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n')
        else socket.write('HTTP/1.1 204 No Content\r\n\r\n')
      }),
    )
    const client = newClient()
    for (const method of ['HEAD', 'DELETE', 'HEAD']) {
      const response = await send(client, server.url, { method, body: null })
      expect(response.body).toBeNull()
      expect(await response.text()).toBe('')
    }
    expect(server.peers.length).toBe(1)
  })

  test('of 100 MB comes through unchanged, with a reader who rests at times', async () => {
    const block = new Uint8Array(1_000_003).map((_, i) => (i * 31) % 251)
    const file = new Blob(Array.from({ length: 100 }, () => block))
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(file) })
    const response = await send(newClient(), `http://127.0.0.1:${server.port}/`)
    const hash = new Bun.CryptoHasher('sha256')
    let pieces = 0
    for await (const bytes of bodyOf(response)) {
      hash.update(bytes)
      if (++pieces % 10 === 0) await Bun.sleep(1)
    }
    const expected = new Bun.CryptoHasher('sha256').update(file).digest('hex')
    expect(hash.digest('hex')).toBe(expected)
    await server.stop(true)
  })
})

/** Writes a few bytes at a time, each in a packet of its own. */
async function dribble(socket: import('node:net').Socket, text: string): Promise<void> {
  for (let at = 0; at < text.length; at += 3) {
    await new Promise<void>((resolve) => socket.write(text.slice(at, at + 3), () => resolve()))
    await new Promise(setImmediate)
  }
}
