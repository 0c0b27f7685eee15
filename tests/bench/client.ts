import type { Socket } from 'bun'
import type { Framing } from './dialects/dialect.ts'
import { type Reply, ResponseReader } from './response-reader.ts'

/** Where requests go: one URL and the headers that open it. */
export type Endpoint = { url: URL; headers: Record<string, string> }

/** One request on its way. `reply` rejects when the connection breaks before the end. */
export type Call = { reply: Promise<Reply>; records: () => number; abort: () => void }

type Line = { socket: Socket<undefined>; call: Pending | undefined }
type Pending = {
  reader: ResponseReader
  onRecord: ((count: number) => void) | undefined
  resolve: (reply: Reply) => void
  reject: (error: Error) => void
}

/** An HTTP/1.1 client on raw sockets: keep-alive, no limit on connections, no retries. */
export class Client {
  #idle: Line[] = []
  #open = new Set<Line>()
  #endpoint: Endpoint
  #framing: Framing
  #head: string

  constructor(endpoint: Endpoint, framing: Framing = 'lines') {
    this.#endpoint = endpoint
    this.#framing = framing
    const headers = { host: endpoint.url.host, 'content-type': 'application/json' }
    const fields = headerLines({ ...headers, ...endpoint.headers })
    this.#head = `POST ${endpoint.url.pathname} HTTP/1.1\r\n${fields}`
  }

  /**
   * Sends a JSON body, with more headers if need be. `onRecord` hears the running count whenever
   * records arrived.
   */
  send(
    body: string,
    onRecord?: (count: number) => void,
    headers: Record<string, string> = {},
  ): Call {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    promise.catch(() => undefined) // a caller may look at it later, or never after an abort
    const reader = new ResponseReader(this.#framing)
    const pending: Pending = { reader, onRecord, resolve, reject }
    const head = `${this.#head}${headerLines(headers)}content-length: ${Buffer.byteLength(body)}`
    const message = `${head}\r\n\r\n${body}`
    let line = this.#idle.pop()
    let aborted = false
    const start = (ready: Line) => {
      line = ready
      if (aborted) return ready.socket.terminate()
      ready.call = pending
      ready.socket.write(message)
    }
    if (line) start(line)
    else this.#connect().then(start, reject)
    const abort = () => {
      aborted = true
      reject(new Error('aborted'))
      line?.socket.terminate()
    }
    return { reply: promise, records: () => reader.records, abort }
  }

  /** Closes every connection. */
  close(): void {
    for (const line of this.#open) line.socket.terminate()
  }

  async #connect(): Promise<Line> {
    const { hostname, port } = this.#endpoint.url
    const line: { call: Pending | undefined; socket?: Socket<undefined> } = { call: undefined }
    const socket = await Bun.connect<undefined>({
      hostname,
      port: Number(port),
      socket: {
        open: (opened) => void opened.setNoDelay(true),
        data: (_, data) => this.#receive(line as Line, data),
        close: () => this.#closed(line as Line),
        error: () => this.#closed(line as Line),
      },
    })
    const ready = Object.assign(line, { socket })
    this.#open.add(ready)
    return ready
  }

  #receive(line: Line, data: Uint8Array): void {
    const { call } = line
    if (!call) {
      line.socket.terminate()
      return
    }
    const before = call.reader.records
    try {
      if (call.reader.feed(data)) this.#complete(line, call)
    } catch (error) {
      call.reject(error as Error)
      line.socket.terminate()
    }
    if (call.reader.records > before) call.onRecord?.(call.reader.records)
  }

  #complete(line: Line, call: Pending): void {
    line.call = undefined
    if (call.reader.reusable) this.#idle.push(line)
    call.resolve(call.reader.reply())
  }

  #closed(line: Line): void {
    this.#open.delete(line)
    this.#idle = this.#idle.filter((other) => other !== line)
    line.call?.reject(new Error('the connection closed in mid-response'))
    line.call = undefined
  }
}

function headerLines(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}
