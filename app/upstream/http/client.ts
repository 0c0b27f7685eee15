import type { TLSOptions } from 'bun'
import { HttpClientError } from './errors.ts'
import { Exchange } from './exchange.ts'
import { createOrigins, pathOf } from './origin.ts'
import { ConnectionPool } from './pool.ts'
import type { RequestInit } from './request.ts'

/** What the gateway needs of an answer; a `Response` of the Fetch standard has it, too. */
export interface UpstreamResponse {
  readonly status: number
  /** Whether the status is 200 to 299. */
  readonly ok: boolean
  readonly headers: { get(name: string): string | null }
  /** The body as it comes, or null when the response can have none. */
  readonly body: ReadableStream<Uint8Array> | null
  /** The whole body; cheaper than `arrayBuffer`. */
  bytes(): Promise<Uint8Array>
  arrayBuffer(): Promise<ArrayBuffer>
  json(): Promise<unknown>
  text(): Promise<string>
}

export type Fetch = (url: string, init: RequestInit) => Promise<UpstreamResponse>

export interface HttpClientOptions {
  /** Idle connections that are kept for each origin. */
  readonly maxIdlePerHost?: number
  /** How long an idle connection is kept, in ms. */
  readonly idleMs?: number
  /** How long connecting may take, the TLS handshake included, in ms. */
  readonly connectTimeoutMs?: number
  /** Certificate authorities and the like, for https:// URLs. */
  readonly tls?: TLSOptions
}

export interface HttpClient {
  /**
   * Sends a request and resolves at the response's head, whatever its status. Rejects with an
   * HttpClientError, or with the signal's reason. A request that found a dead idle connection is
   * sent once more. The body fails when it does not come whole; the caller must read it to its
   * end, cancel it, or abort.
   */
  readonly fetch: Fetch
  /** Ends every connection; requests under way fail, and so do later ones. */
  close(): void
  /** Connections that are open or being made. */
  readonly sockets: number
}

/**
 * An HTTP/1.1 client (RFC 9112) for servers we trust to be no faster than their readers: no limit
 * on requests in flight, no redirects, no decoding of contents, no cookies, no time limits but the
 * one on connecting.
 */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const originOf = createOrigins()
  let isClosed = false
  const pool = new ConnectionPool({
    maxIdlePerHost: options.maxIdlePerHost ?? 256,
    idleMs: options.idleMs ?? 15_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 2000,
    tls: options.tls ?? {},
  })

  return {
    fetch: (url, init) =>
      new Promise((resolve, reject) => {
        if (isClosed) throw new HttpClientError('ECLOSED', 'the HTTP client was closed')
        init.signal.throwIfAborted()
        new Exchange(originOf(url), pathOf(url), init, { resolve, reject }).begin(pool)
      }),
    close() {
      isClosed = true
      pool.close()
    },
    get sockets() {
      return pool.size
    },
  }
}
