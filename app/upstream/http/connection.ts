import { connectFailed, connectionLost, connectTimedOut, type HttpClientError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import type { Origin } from './origin.ts'
import { ResponseParser } from './parser.ts'
import { Upload } from './upload.ts'
import { SocketWriter } from './writer.ts'

/** Who keeps the connections. */
export interface ConnectionOwner {
  /** The response was read whole and the server keeps the connection open. */
  onIdle(connection: Connection): void
  onClosed(connection: Connection): void
}

/**
 * `connecting`: not usable yet, an exchange waits; `busy`: an exchange is under way; `idle`: kept
 * for the next one, every byte from the server is unexpected; `closed`: for good.
 */
type State = 'connecting' | 'busy' | 'idle' | 'closed'

/** One connection to a server; it carries one exchange at a time (no pipelining). */
export class Connection {
  readonly origin: Origin
  readonly #owner: ConnectionOwner
  #state: State = 'connecting'
  #socket: Bun.Socket<Connection> | null = null
  #writer: SocketWriter | null = null
  #exchange: Exchange | null = null
  #parser = new ResponseParser('GET')
  #upload: Upload | null = null
  #isAnswered = false
  #isPaused = false
  #connectTimer: ReturnType<typeof setTimeout> | undefined
  /** Whether an earlier exchange was carried, so that the server may have closed meanwhile. */
  isReused = false
  /** When it was last given something to do, or became idle; `performance.now()`. */
  since = 0

  constructor(origin: Origin, owner: ConnectionOwner) {
    this.origin = origin
    this.#owner = owner
  }

  /** Fails the connection unless it is made in time. */
  expectWithin(ms: number): void {
    this.#connectTimer = setTimeout(() => this.fail(connectTimedOut(this.origin.authority, ms)), ms)
  }

  /** Sends the exchange's request, as soon as there is a connection. */
  carry(exchange: Exchange): void {
    this.#exchange = exchange
    if (this.#state !== 'idle') return
    this.isReused = true
    this.#socket?.ref()
    this.#transmit(exchange)
  }

  /** There is a socket; with TLS it is not usable yet. */
  onOpen(socket: Bun.Socket<Connection>): void {
    if (this.#state === 'closed') socket.terminate()
    else this.#socket = socket
  }

  /** The socket is usable. */
  onConnected(): void {
    if (this.#state !== 'connecting' || !this.#socket || !this.#exchange) return
    clearTimeout(this.#connectTimer)
    this.#writer = new SocketWriter(this.#socket)
    this.#transmit(this.#exchange)
  }

  onData(piece: Buffer): void {
    const exchange = this.#exchange
    if (this.#state !== 'busy' || !exchange) {
      this.destroy()
      return
    }
    try {
      const body = this.#parser.push(piece)
      const { head } = this.#parser
      if (!head) return
      if (!this.#isAnswered) {
        this.#isAnswered = true
        exchange.onHead(head)
        // RFC 9112 §9.5: such an answer tells that the rest of the request is not wanted.
        if (head.status >= 400 || !head.keepAlive) this.#upload?.stop('the server has answered')
      }
      if (body) exchange.onBody(body)
      if (this.#parser.isComplete) this.#complete(exchange)
    } catch (err) {
      this.fail(err)
    }
  }

  onDrain(): void {
    this.#writer?.onDrain()
  }

  /** The server closed the connection, or it broke. */
  onClose(cause: unknown): void {
    if (this.#state === 'closed') return
    if (this.#state === 'connecting') {
      this.fail(connectFailed(this.origin.authority, cause))
      return
    }
    const exchange = this.#exchange
    // RFC 9112 §9.8: with TLS, an end that anybody on the way could have made ends no response.
    const isTrusted = cause === undefined && !this.origin.isTls
    const isWhole = isTrusted && this.#state === 'busy' && this.#parser.end()
    const isStale = this.isReused && !this.#parser.hasBegun
    this.destroy()
    if (!exchange) return
    if (isWhole) exchange.onComplete()
    else if (isStale) exchange.onStale(performance.now() - this.since, lost(this.#parser, cause))
    else exchange.onFailure(lost(this.#parser, cause))
  }

  /** Ends the connection and the exchange on it, which gets the error. */
  fail(error: unknown): void {
    const exchange = this.#exchange
    this.destroy()
    exchange?.onFailure(error)
  }

  /** Closes the connection at once, by a reset; its exchange is told nothing. */
  destroy(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#connectTimer)
    this.#exchange = null
    this.#socket?.terminate()
    this.#writer?.close()
    this.#upload?.stop('the connection is closed')
    this.#owner.onClosed(this)
  }

  /** Takes leave of a server that owes nothing. */
  close(): void {
    this.#socket?.end()
    this.destroy()
  }

  /** Stops reading, so that the server is held back by TCP. */
  pause(): void {
    this.#isPaused = true
    this.#socket?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket?.resume()
  }

  #transmit(exchange: Exchange): void {
    const writer = this.#writer
    if (!writer) return
    const { method, head, body } = exchange
    this.#state = 'busy'
    this.#parser = new ResponseParser(method)
    this.#isAnswered = false
    this.since = performance.now()
    writer.write(typeof body === 'string' ? head + body : head)
    if (!(body instanceof ReadableStream)) return
    this.#upload = new Upload(body, writer)
    this.#upload.run().catch((err) => this.fail(err))
  }

  /** Never again after a response whose end, or whose request, was not seen whole. */
  #complete(exchange: Exchange): void {
    const isSent = !this.#writer?.isBehind && (this.#upload?.isSent ?? true)
    const isClean = isSent && !this.#parser.hasExcess
    if (isClean && this.#parser.head?.keepAlive) {
      this.#state = 'idle'
      // The reader may not have come yet; the next response must not wait for it.
      this.resume()
      this.#exchange = null
      this.#upload = null
      this.#socket?.unref()
      this.since = performance.now()
      this.#owner.onIdle(this)
    } else if (isClean) this.close()
    else this.destroy()
    exchange.onComplete()
  }
}

function lost(parser: ResponseParser, cause: unknown): HttpClientError {
  return connectionLost(
    parser.head ? 'in the middle of the response' : 'before the response',
    cause,
  )
}
