import type { Socket } from 'bun'

/** Thrown into whatever was being sent or awaited when the client closed the connection. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'

  constructor() {
    super('the client closed the connection')
  }
}

/**
 * The sending half of one accepted socket. Writes are in order, reach the kernel before they
 * resolve, and reject with {@link ClientGone} once the peer has left.
 */
export class Connection {
  readonly #socket: Socket<unknown>
  readonly #gone = new AbortController()
  #drained = Promise.withResolvers<void>()

  constructor(socket: Socket<unknown>) {
    this.#socket = socket
    socket.setNoDelay(true)
  }

  /** Fires when the peer closed or reset the connection, or we did. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Sends the bytes as they are; one call is one TCP write when the kernel has room. */
  async write(bytes: Uint8Array): Promise<void> {
    let sent = 0
    while (sent < bytes.byteLength) {
      const accepted = this.gone.aborted ? -1 : this.#socket.write(bytes.subarray(sent))
      if (accepted < 0) throw new ClientGone()
      sent += accepted
      if (sent < bytes.byteLength) await this.#drained.promise
    }
    this.#socket.flush()
  }

  /** Sends FIN after everything written so far. */
  finish(): void {
    this.#socket.end()
  }

  /** Sends RST and throws away what the kernel still holds. */
  reset(): void {
    this.#socket.terminate()
  }

  /** To be called by the listener when the kernel has room again. */
  onDrain(): void {
    this.#drained.resolve()
    this.#drained = Promise.withResolvers()
  }

  /** To be called by the listener when the peer sent FIN or the socket closed. */
  onGone(): void {
    this.#gone.abort(new ClientGone())
    this.#drained.resolve()
  }
}
