import type { TLSOptions } from 'bun'
import type { Connection } from './connection.ts'
import { connectFailed } from './errors.ts'

type Socket = Bun.Socket<Connection>

/** Shared by all sockets: which connection an event is for is in `socket.data`. */
const TCP_HANDLERS: Bun.SocketHandler<Connection> = {
  open(socket) {
    prepare(socket)
    socket.data.onConnected()
  },
  data: (socket, bytes) => socket.data.onData(bytes),
  drain: (socket) => socket.data.onDrain(),
  close: (socket, error) => socket.data.onClose(error),
  error: (socket, error) => socket.data.fail(error),
}

/** With TLS there is a connection only after the handshake. */
const TLS_HANDLERS: Bun.SocketHandler<Connection> = {
  ...TCP_HANDLERS,
  open: prepare,
  handshake(socket, isTrusted, error) {
    if (isTrusted) socket.data.onConnected()
    else socket.data.fail(connectFailed(socket.data.origin.authority, error))
  },
}

/** How long a silent connection is left alone before the system asks the peer, in ms. */
const KEEP_ALIVE_MS = 30_000

export interface DialOptions {
  readonly connectTimeoutMs: number
  readonly tls: TLSOptions
}

/** Connects; the connection is told how it went: `onConnected`, or `fail` within the timeout. */
export async function dial(connection: Connection, options: DialOptions): Promise<void> {
  const { authority, hostname, port, isTls } = connection.origin
  connection.expectWithin(options.connectTimeoutMs)
  const target = { hostname, port, data: connection }
  const tls = { serverName: hostname, ...options.tls }
  try {
    if (isTls) await Bun.connect({ ...target, tls, socket: TLS_HANDLERS })
    else await Bun.connect({ ...target, socket: TCP_HANDLERS })
  } catch (err) {
    connection.fail(connectFailed(authority, err))
  }
}

function prepare(socket: Socket): void {
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  socket.data.onOpen(socket)
}
