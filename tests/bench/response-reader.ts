import type { Framing } from './dialects/dialect.ts'

const LF = 10
const CR = 13
const TAIL_BYTES = 512

/** What one HTTP/1.1 response amounted to; times are `performance.now()` milliseconds. */
export type Reply = {
  status: number
  /** When the first byte of the body arrived. */
  firstAt: number
  endAt: number
  /** Lines or events. */
  records: number
  bytes: number
  /** The last bytes of the body, enough to hold the closing record. */
  tail: string
  /** The header `Retry-After`, if there was one. */
  retryAfter: string | undefined
}

/** Reads one response from a socket, however its bytes are split, and counts its lines or events. */
export class ResponseReader {
  status = 0
  firstAt = 0
  records = 0
  bytes = 0
  /** False once the server announced that it will close the connection. */
  reusable = true
  #head = ''
  #retryAfter: string | undefined
  #tail: Uint8Array = new Uint8Array(0)
  #left = 0
  #chunked = false
  #framing: Framing
  /** Whether the byte before this one ended a line. */
  #isAfterLine = false
  #phase: 'head' | 'size' | 'data' | 'gap' | 'end' | 'done' = 'head'

  constructor(framing: Framing = 'lines') {
    this.#framing = framing
  }

  /** Takes what arrived; true once the response is complete. Throws on anything but HTTP. */
  feed(data: Uint8Array): boolean {
    let at = this.#phase === 'head' ? this.#readHead(data) : 0
    while (at < data.length && this.#phase !== 'done') {
      at = this.#phase === 'data' ? this.#readData(data, at) : this.#readLine(data, at)
    }
    return this.#phase === 'done'
  }

  reply(): Reply {
    const { status, firstAt, records, bytes } = this
    const tail = new TextDecoder().decode(this.#tail)
    const retryAfter = this.#retryAfter
    return { status, firstAt, endAt: performance.now(), records, bytes, tail, retryAfter }
  }

  #readHead(data: Uint8Array): number {
    const before = this.#head.length
    this.#head += new TextDecoder('latin1').decode(data)
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return data.length
    const head = this.#head.slice(0, end).toLowerCase()
    if (!head.startsWith('http/1.')) throw new Error(`not an HTTP response: ${head.slice(0, 40)}`)
    this.status = Number(head.slice(9, 12))
    this.reusable = !head.includes('\r\nconnection: close')
    this.#retryAfter = /\r\nretry-after: *([^\r]*)/.exec(head)?.[1]
    this.#chunked = head.includes('\r\ntransfer-encoding: chunked')
    this.#left = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0)
    this.#phase = this.#chunked ? 'size' : this.#left > 0 ? 'data' : 'done'
    if (this.#chunked) this.#left = 0
    return end + 4 - before
  }

  #readData(data: Uint8Array, at: number): number {
    const end = Math.min(data.length, at + this.#left)
    if (this.bytes === 0) this.firstAt = performance.now()
    const part = data.subarray(at, end)
    this.#count(part)
    this.#tail = part.length >= TAIL_BYTES ? part : Buffer.concat([this.#tail, part])
    if (this.#tail.length > TAIL_BYTES) this.#tail = this.#tail.subarray(-TAIL_BYTES)
    this.bytes += part.length
    this.#left -= part.length
    if (this.#left === 0) this.#phase = this.#chunked ? 'gap' : 'done'
    return end
  }

  #count(part: Uint8Array): void {
    for (let i = part.indexOf(LF); i >= 0; i = part.indexOf(LF, i + 1)) {
      const isEmptyLine = i === 0 ? this.#isAfterLine : part[i - 1] === LF
      if (this.#framing === 'lines' || isEmptyLine) this.records++
    }
    this.#isAfterLine = part.at(-1) === LF
  }

  /** One byte of the chunk framing: the size line, the CRLF after a chunk, the closing CRLF. */
  #readLine(data: Uint8Array, at: number): number {
    const byte = data[at] ?? 0
    if (byte === LF) this.#endLine()
    else if (byte !== CR && this.#phase === 'size') {
      this.#left = this.#left * 16 + Number.parseInt(String.fromCharCode(byte), 16)
    }
    return at + 1
  }

  #endLine(): void {
    if (this.#phase === 'gap') this.#phase = 'size'
    else if (this.#phase === 'end') this.#phase = 'done'
    else this.#phase = this.#left > 0 ? 'data' : 'end'
  }
}
