import { ClientGone, type Connection } from './connection.ts'
import { LedgerLine } from './ledger.ts'
import type { RecordedRequest } from './recorder.ts'

/** How the end of a body is marked on the wire. */
export type Framing = 'chunked' | 'close' | { readonly length: number }

const ndjson = { 'Content-Type': 'application/x-ndjson' }
const encoder = new TextEncoder()

/** The answer to one request: every write is one HTTP chunk in one TCP write. */
export class Reply {
  readonly request: RecordedRequest
  readonly ledger: LedgerLine
  readonly #connection: Connection
  #framing: Framing | undefined
  #over = false

  constructor(connection: Connection, request: RecordedRequest) {
    this.#connection = connection
    this.request = request
    this.ledger = new LedgerLine(request)
  }

  /** Fires when the client has left. */
  get gone(): AbortSignal {
    return this.#connection.gone
  }

  /** The head was sent. */
  get started(): boolean {
    return this.#framing !== undefined
  }

  /** The answer was completed or broken off. */
  get over(): boolean {
    return this.#over
  }

  /** Sends the status line and headers. */
  async head(
    status: number,
    headers: Readonly<Record<string, string>>,
    framing: Framing = 'chunked',
  ): Promise<void> {
    this.#framing = framing
    const lines = [
      `HTTP/1.1 ${status} Fake`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      `Date: ${new Date().toUTCString()}`,
      ...framingHeaders(framing),
    ]
    await this.#connection.write(encoder.encode(`${lines.join('\r\n')}\r\n\r\n`))
  }

  /** Sends body bytes; the first call sends an NDJSON head unless one was sent. */
  async write(body: Uint8Array | string): Promise<void> {
    if (this.#framing === undefined) await this.head(200, ndjson)
    const bytes = typeof body === 'string' ? encoder.encode(body) : body
    if (bytes.byteLength === 0 || this.request.method === 'HEAD') return
    await this.#connection.write(this.#framing === 'chunked' ? chunk(bytes) : bytes)
    this.ledger.sent(bytes)
  }

  /** Marks the end of the body. */
  async end(): Promise<void> {
    if (this.#over) return
    if (this.#framing === undefined) await this.head(200, ndjson)
    this.#over = true
    if (this.#framing === 'chunked' && this.request.method !== 'HEAD') {
      await this.#connection.write(encoder.encode('0\r\n\r\n'))
    }
    if (this.#framing === 'close') this.#connection.finish()
    this.ledger.close('completed')
  }

  /** Closes the connection in good order but in the middle of the body. */
  cut(): void {
    this.#over = true
    this.ledger.close('broken')
    this.#connection.finish()
  }

  /** Resets the TCP connection. */
  reset(): void {
    this.#over = true
    this.ledger.close('broken')
    this.#connection.reset()
  }

  /** Sends a whole answer with a known length. */
  async whole(status: number, contentType: string | undefined, body: string): Promise<void> {
    const headers = contentType === undefined ? {} : { 'Content-Type': contentType }
    await this.head(status, headers, { length: encoder.encode(body).byteLength })
    await this.write(body)
    await this.end()
  }

  /** Waits for the promise, but no longer than the client: then rejects with {@link ClientGone}. */
  async until<T>(awaited: Promise<T>): Promise<T> {
    if (this.gone.aborted) throw new ClientGone()
    const left = Promise.withResolvers<never>()
    const leave = () => left.reject(new ClientGone())
    this.gone.addEventListener('abort', leave, { once: true })
    try {
      return await Promise.race([awaited, left.promise])
    } finally {
      this.gone.removeEventListener('abort', leave)
    }
  }
}

function framingHeaders(framing: Framing): string[] {
  if (framing === 'chunked') return ['Transfer-Encoding: chunked']
  if (framing === 'close') return ['Connection: close']
  return [`Content-Length: ${framing.length}`]
}

function chunk(bytes: Uint8Array): Uint8Array {
  const size = encoder.encode(`${bytes.byteLength.toString(16)}\r\n`)
  return Buffer.concat([size, bytes, encoder.encode('\r\n')])
}
