import { describe, expect, test } from 'bun:test'
import { bodyOf, failureOf, newClient, newServer, send } from './http-client.ts'
import { answering, type Peer, whole } from './raw-server.ts'

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

/** Resolves when the client has noticed what happened to its idle connections. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(1)
}

describe('a connection', () => {
  test('is used again after a response that was read whole', async () => {
    const answers = [whole('a'), `${CHUNKED}1\r\nb\r\n0\r\n\r\n`, 'HTTP/1.1 204 No Content\r\n\r\n']
    const server = await newServer(answering(({ socket }) => socket.write(answers.shift() ?? '')))
    const client = newClient()
    for (const body of ['a', 'b', '']) {
      expect(await (await send(client, server.url)).text()).toBe(body)
    }
    expect(server.peers.length).toBe(1)
    expect(client.sockets).toBe(1)
  })

  test('is used again after a large response that nobody has read yet', async () => {
    // Small enough to come in one piece, large enough for the reader's queue to be full.
    const large = 'x'.repeat(65_400)
    const server = await newServer(answering(({ socket }) => socket.write(whole(large))))
    const client = newClient()
    const unread = []
    for (let i = 0; i < 5; i++) {
      const response = await send(client, server.url)
      await until(() => client.sockets === 1)
      unread.push(response)
      await Bun.sleep(5)
    }
    for (const response of unread) expect(await response.text()).toBe(large)
    expect(server.peers.length).toBe(1)
  })

  const LAST = {
    'that asks to close': whole('a', 'connection: close\r\n'),
    'of HTTP/1.0': whole('a', 'connection: keep-alive\r\n').replace('1.1', '1.0'),
    'followed by what nobody asked for': `${whole('a')}HTTP/1.1 200 OK\r\n`,
  }
  for (const [what, answer] of Object.entries(LAST)) {
    test(`is not used again after a response ${what}`, async () => {
      const server = await newServer(answering(({ socket }) => socket.write(answer)))
      const client = newClient()
      for (const number of [0, 1]) {
        expect(await (await send(client, server.url)).text()).toBe('a')
        await (await server.peer(number)).closed
      }
      expect(server.peers.length).toBe(2)
      expect(client.sockets).toBe(0)
    })
  }

  test('is not used again when its end was the end of the response', async () => {
    const server = await newServer(
      answering(({ socket }) => socket.end('HTTP/1.1 200 OK\r\n\r\nto the end')),
    )
    const client = newClient()
    expect(await (await send(client, server.url)).text()).toBe('to the end')
    expect(await (await send(client, server.url)).text()).toBe('to the end')
    expect(client.sockets).toBe(0)
  })

  test('is not used again when the body was cancelled, and the server sees it', async () => {
    const server = await newServer(answering(({ socket }) => socket.write(`${CHUNKED}1\r\na\r\n`)))
    const client = newClient()
    await bodyOf(await send(client, server.url)).cancel()
    expect(client.sockets).toBe(0)
    await (await server.peer(0)).closed
  })

  test('that is idle is dropped when the server closes it, resets it or sends something', async () => {
    const acts: ((peer: Peer) => void)[] = [
      ({ socket }) => socket.end(),
      ({ socket }) => socket.resetAndDestroy(),
      ({ socket }) => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'),
    ]
    const server = await newServer(answering(({ socket }) => socket.write(whole('a'))))
    const client = newClient()
    for (const [number, act] of acts.entries()) {
      await (await send(client, server.url)).text()
      expect(client.sockets).toBe(1)
      act(await server.peer(number))
      await until(() => client.sockets === 0)
    }
  })

  test('that is idle too long is closed', async () => {
    const server = await newServer(answering(({ socket }) => socket.write(whole('a'))))
    const client = newClient({ idleMs: 40 })
    await (await send(client, server.url)).text()
    expect(client.sockets).toBe(1)
    await (await server.peer(0)).closed
    expect(client.sockets).toBe(0)
  })
})

test('there are as many connections as requests in flight, and few that stay idle', async () => {
  const waiting: Peer[] = []
  const server = await newServer(
    answering((peer) => {
      if (waiting.push(peer) < 300) return
      for (const { socket } of waiting.splice(0)) socket.write(whole('a'))
    }),
  )
  const client = newClient({ maxIdlePerHost: 10 })
  const texts = Array.from({ length: 300 }, async () => (await send(client, server.url)).text())
  expect((await Promise.all(texts)).every((text) => text === 'a')).toBe(true)
  expect(server.peers.length).toBe(300)
  expect(client.sockets).toBe(10)
})

test('a client that is closed ends its requests and sends no more', async () => {
  const server = await newServer(answering(({ socket }) => socket.write(`${CHUNKED}1\r\na\r\n`)))
  const client = newClient()
  const response = await send(client, server.url)
  client.close()
  expect(await failureOf(response.text())).toHaveProperty('code', 'ECLOSED')
  expect(await failureOf(send(client, server.url))).toHaveProperty('code', 'ECLOSED')
  expect(client.sockets).toBe(0)
})
