import { createServer, type Socket } from 'node:net'

/** The server's side of one connection. */
export interface Peer {
  readonly socket: Socket
  /** All that was received on the connection, as latin-1. */
  received: string
  /** Resolves when the client has closed or reset the connection, with the time it was seen. */
  readonly closed: Promise<number>
}

export interface RawServer {
  readonly url: string
  readonly port: number
  /** Every connection there was, in order. */
  readonly peers: Peer[]
  /** The connection with this number, from 0, as soon as it is there. */
  peer(number: number): Promise<Peer>
  stop(): Promise<void>
}

/** A TCP server without an HTTP of its own; `onData` is called whenever something has come. */
export async function startRawServer(
  onData: (peer: Peer, all: readonly Peer[]) => void,
  port = 0,
): Promise<RawServer> {
  const peers: Peer[] = []
  const waiting: (() => void)[] = []
  const server = createServer((socket) => {
    const peer = observe(socket)
    peers.push(peer)
    socket.on('data', (bytes) => {
      peer.received += bytes.toString('latin1')
      onData(peer, peers)
    })
    for (const wake of waiting.splice(0)) wake()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : 0

  const peer = async (number: number): Promise<Peer> => {
    for (;;) {
      const found = peers[number]
      if (found) return found
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    peers,
    peer,
    async stop() {
      for (const { socket } of peers) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function observe(socket: Socket): Peer {
  const closed = new Promise<number>((resolve) => {
    const seen = () => resolve(performance.now())
    socket.on('end', seen)
    socket.on('close', seen)
    socket.on('error', seen)
  })
  return { socket, received: '', closed }
}

/** Answers every request whose head has come; one request at a time on a connection. */
export const answering =
  (answer: (peer: Peer, request: string) => void) =>
  (peer: Peer): void => {
    const end = peer.received.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/content-length: (\d+)/.exec(peer.received)?.[1] ?? 0)
    const total = end + 4 + length
    if (peer.received.length < total) return
    const request = peer.received.slice(0, total)
    peer.received = peer.received.slice(total)
    answer(peer, request)
  }

/** A response with a length, after which the connection stays open. */
export const whole = (body: string, fields = ''): string =>
  `HTTP/1.1 200 OK\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
