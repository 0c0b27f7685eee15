/** The first lines of a request, exactly as received: nothing is decoded or lower-cased. */
export interface RequestHead {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** What the parser reports, in this order for each request on the connection. */
export interface RequestEvents {
  onHead(head: RequestHead): void
  onBody(bytes: Uint8Array): void
  onEnd(): void
}

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers'

/** The value of the first header of this name (case-insensitive), or `undefined`. */
export function headerOf(head: RequestHead, name: string): string | undefined {
  return head.headers.find(([key]) => key.toLowerCase() === name)?.[1]
}

/** An incremental HTTP/1.1 request parser: keep-alive, Content-Length and chunked bodies. */
export class RequestParser {
  readonly #events: RequestEvents
  #buffer: Buffer = Buffer.alloc(0)
  #state: State = 'head'
  #left = 0

  constructor(events: RequestEvents) {
    this.#events = events
  }

  /** Takes the next bytes of the connection. Throws when they are not HTTP. */
  push(bytes: Uint8Array): void {
    this.#buffer = this.#buffer.byteLength === 0 ? Buffer.from(bytes) : this.#append(bytes)
    while (this.#step()) {}
  }

  #append(bytes: Uint8Array): Buffer {
    return Buffer.concat([this.#buffer, bytes])
  }

  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#head()
      case 'length':
      case 'chunk':
        return this.#data()
      case 'chunk-size':
        return this.#chunkSize()
      case 'chunk-end':
        return this.#line() !== undefined && this.#enter('chunk-size')
      case 'trailers':
        return this.#trailer()
    }
  }

  #head(): boolean {
    const end = this.#buffer.indexOf('\r\n\r\n')
    if (end < 0) return false
    const [first = '', ...lines] = this.#buffer.subarray(0, end).toString('latin1').split('\r\n')
    this.#buffer = this.#buffer.subarray(end + 4)
    const [method, target, version] = first.split(' ')
    if (!method || !target || !version?.startsWith('HTTP/1.')) {
      throw new Error(`not an HTTP request line: ${first}`)
    }
    const head = { method, target, headers: lines.map(splitHeader) }
    this.#events.onHead(head)
    if (headerOf(head, 'transfer-encoding')?.toLowerCase().includes('chunked')) {
      return this.#enter('chunk-size')
    }
    this.#left = Number(headerOf(head, 'content-length') ?? 0)
    return this.#left === 0 ? this.#end() : this.#enter('length')
  }

  #data(): boolean {
    if (this.#buffer.byteLength === 0) return false
    const taken = this.#buffer.subarray(0, this.#left)
    this.#buffer = this.#buffer.subarray(taken.byteLength)
    this.#left -= taken.byteLength
    this.#events.onBody(taken)
    if (this.#left > 0) return false
    return this.#state === 'length' ? this.#end() : this.#enter('chunk-end')
  }

  #chunkSize(): boolean {
    const line = this.#line()
    if (line === undefined) return false
    this.#left = Number.parseInt(line, 16)
    if (Number.isNaN(this.#left)) throw new Error(`not a chunk size: ${line}`)
    return this.#enter(this.#left === 0 ? 'trailers' : 'chunk')
  }

  #trailer(): boolean {
    const line = this.#line()
    if (line === undefined) return false
    return line === '' ? this.#end() : true
  }

  #line(): string | undefined {
    const end = this.#buffer.indexOf('\r\n')
    if (end < 0) return undefined
    const line = this.#buffer.subarray(0, end).toString('latin1')
    this.#buffer = this.#buffer.subarray(end + 2)
    return line
  }

  #enter(state: State): true {
    this.#state = state
    return true
  }

  #end(): true {
    this.#events.onEnd()
    return this.#enter('head')
  }
}

function splitHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}
