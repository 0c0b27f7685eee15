import { describe, expect, test } from 'bun:test'
import { failureOf, newClient, newServer, send } from './http-client.ts'
import { answering, type Peer, whole } from './raw-server.ts'

/** Answers the first request of every connection; the second meets what `then` does. */
const onceThen = (then: (peer: Peer) => void) => {
  const served = new Set<Peer>()
  return answering((peer) => {
    if (served.has(peer)) {
      then(peer)
      return
    }
    served.add(peer)
    peer.socket.write(whole('a'))
  })
}

const close = ({ socket }: Peer): void => void socket.end()
const reset = ({ socket }: Peer): void => void socket.resetAndDestroy()

describe('a request on a connection that the server had given up', () => {
  for (const [how, then] of Object.entries({ close, reset })) {
    for (const method of ['GET', 'POST', 'DELETE']) {
      test(`is sent once more on a new one: ${method} after a ${how}`, async () => {
        const server = await newServer(onceThen(then))
        const client = newClient()
        const init = { method, body: method === 'POST' ? 'x'.repeat(100_000) : null }
        for (const _ of [1, 2, 3]) {
          expect(await (await send(client, server.url, init)).text()).toBe('a')
        }
        expect(server.peers.length).toBe(3)
        expect(client.sockets).toBe(1)
      })
    }
  }

  test('is not sent again when its body was a stream', async () => {
    const server = await newServer((peer) => {
      if (peer.received.includes('stream')) peer.socket.resetAndDestroy()
      else peer.socket.write(whole('a'))
    })
    const client = newClient()
    await (await send(client, server.url)).text()
    const body = new Blob(['stream']).stream()
    const failure = await failureOf(send(client, server.url, { body }))
    expect(failure).toHaveProperty('code', 'ECONNRESET')
    expect(server.peers.length).toBe(1)
  })

  test('is not sent again when a byte came in answer', async () => {
    const server = await newServer(onceThen(({ socket }) => socket.end('H')))
    const client = newClient()
    await (await send(client, server.url)).text()
    expect(await failureOf(send(client, server.url))).toHaveProperty('code', 'ECONNRESET')
    expect(server.peers.length).toBe(1)
  })

  test('is sent only once when its connection was new', async () => {
    for (const then of [close, reset]) {
      const server = await newServer(answering(then))
      expect(await failureOf(send(newClient(), server.url))).toHaveProperty('code', 'ECONNRESET')
      expect(server.peers.length).toBe(1)
    }
  })

  test('that the server has kept for a while is sent again only if it is idempotent', async () => {
    const server = await newServer(onceThen((peer) => setTimeout(() => close(peer), 1100)))
    const client = newClient()
    const init = { method: 'GET', body: null }
    for (const _ of [1, 2]) {
      expect(await (await send(client, server.url, init)).text()).toBe('a')
    }
    expect(await failureOf(send(client, server.url))).toHaveProperty('code', 'ECONNRESET')
    expect(server.peers.length).toBe(2)
  })
})
