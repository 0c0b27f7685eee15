import { type BodySource, ResponseBody } from './body.ts'
import type { Connection } from './connection.ts'
import type { ResponseHead } from './head.ts'
import type { Origin } from './origin.ts'
import { isIdempotent, type RequestInit, requestHead } from './request.ts'
import { HttpResponse } from './response.ts'

/** How soon after a request a server that closed an idle connection is found out, in ms. */
const STALE_MS = 1000

/** Who is told how the request went. */
export interface ExchangeCallbacks {
  readonly resolve: (response: HttpResponse) => void
  readonly reject: (reason: unknown) => void
}

/** Where connections come from. */
export interface ConnectionSource {
  /** One that is idle, or else a new one. */
  take(origin: Origin): Connection
  connect(origin: Origin): Connection
}

/** One request and its response, on whichever connection carries it. */
export class Exchange implements BodySource {
  readonly method: string
  /** The request's first bytes; ASCII. */
  readonly head: string
  readonly body: RequestInit['body']
  readonly #origin: Origin
  readonly #signal: AbortSignal
  readonly #callbacks: ExchangeCallbacks
  #connections: ConnectionSource | null = null
  /** Null when the exchange is over. */
  #connection: Connection | null = null
  #responseBody: ResponseBody | null = null

  constructor(origin: Origin, path: string, init: RequestInit, callbacks: ExchangeCallbacks) {
    this.#origin = origin
    this.method = init.method
    this.head = requestHead(origin.authority, path, init)
    this.body = init.body
    this.#signal = init.signal
    this.#callbacks = callbacks
  }

  /** Begins; from now on the signal ends it. */
  begin(connections: ConnectionSource): void {
    this.#connections = connections
    this.#connection = connections.take(this.#origin)
    this.#signal.addEventListener('abort', this)
    this.#connection.carry(this)
  }

  /** The signal's event. */
  handleEvent(): void {
    const connection = this.#connection
    this.#finish()
    connection?.destroy()
    if (this.#responseBody) this.#responseBody.abort(this.#signal.reason)
    else this.#callbacks.reject(this.#signal.reason)
  }

  onHead(head: ResponseHead): void {
    this.#responseBody = new ResponseBody(this)
    this.#callbacks.resolve(new HttpResponse(head, this.#responseBody))
  }

  onBody(bytes: Uint8Array): void {
    this.#responseBody?.push(bytes)
  }

  onComplete(): void {
    this.#finish()
    this.#responseBody?.end()
  }

  onFailure(error: unknown): void {
    this.#finish()
    if (this.#responseBody) this.#responseBody.fail(error)
    else this.#callbacks.reject(error)
  }

  /**
   * A connection that was used before ended `afterMs` after the request, without a byte in answer:
   * most likely the server had closed it while it was idle. The request is sent once more, on a
   * new connection, when it can be repeated and its method is idempotent (RFC 9110 §9.2.2). With
   * another method, an end within a round trip of the request is taken for the sign that it was
   * never applied, which RFC 9112 §9.3.1 asks for.
   */
  onStale(afterMs: number, error: unknown): void {
    const isReplayable = !(this.body instanceof ReadableStream)
    const isSafe = isIdempotent(this.method) || afterMs <= STALE_MS
    const fresh = isReplayable && isSafe ? this.#connections?.connect(this.#origin) : null
    if (!fresh) {
      this.onFailure(error)
      return
    }
    this.#connection = fresh
    fresh.carry(this)
  }

  pause(): void {
    this.#connection?.pause()
  }

  resume(): void {
    this.#connection?.resume()
  }

  cancel(): void {
    const connection = this.#connection
    this.#finish()
    connection?.destroy()
  }

  #finish(): void {
    if (!this.#connection) return
    this.#connection = null
    this.#signal.removeEventListener('abort', this)
    // A body that was not begun has a sender who waits.
    if (this.body instanceof ReadableStream && !this.body.locked) this.body.cancel().catch(() => {})
  }
}
