import { ChunkedDecoder } from './chunked.ts'
import { malformed } from './errors.ts'
import { ResponseHead } from './head.ts'

/** Which part of the response the next byte belongs to. */
type State = 'head' | 'length' | 'chunked' | 'until-close' | 'complete'

/** Bytes of a head, interim responses included. */
const MAX_HEAD_BYTES = 64 * 1024
const END_OF_HEAD = '\r\n\r\n'

/** Reads one response from the pieces in which a connection delivers it. */
export class ResponseParser {
  #state: State = 'head'
  readonly #method: string
  /** The beginning of a head that came in more than one piece, as latin-1. */
  #begun = ''
  #headBytes = 0
  #remaining = 0
  #chunks: ChunkedDecoder | null = null
  /** The final response's head, once it is there (1xx heads are skipped, RFC 9110 §15.2). */
  head: ResponseHead | null = null
  /** Whether any byte came. */
  hasBegun = false
  /** Whether bytes came after the end of the response, which nobody asked for. */
  hasExcess = false

  /** The method of the request that is answered: HEAD is answered without a body. */
  constructor(method: string) {
    this.#method = method
  }

  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  /**
   * The bytes of the body within a piece, or null when there are none. They share the piece's
   * memory, which is changed. Throws an HttpClientError when the response is malformed.
   */
  push(piece: Buffer): Uint8Array | null {
    this.hasBegun = true
    let rest = piece
    while (this.#state === 'head') {
      const end = this.#readHead(rest)
      if (end < 0) return null
      rest = rest.subarray(end)
    }
    if (rest.length === 0) return null
    const body = this.#readBody(rest)
    return body.length === 0 ? null : body
  }

  /** Whether the end of the connection is the end of the response (RFC 9112 §6.3, rule 8). */
  end(): boolean {
    if (this.#state === 'until-close') this.#state = 'complete'
    return this.isComplete
  }

  /** Where the head ends in the piece, or -1 when more is to come. */
  #readHead(piece: Buffer): number {
    const before = this.#begun.length
    const end = before === 0 ? piece.indexOf(END_OF_HEAD) : this.#findEnd(piece)
    const size = end < 0 ? piece.length : end + END_OF_HEAD.length - before
    this.#headBytes += size
    if (this.#headBytes > MAX_HEAD_BYTES) throw malformed('headers over 64 KiB')
    if (end < 0) {
      if (before === 0) this.#begin(piece)
      return -1
    }
    const text =
      before === 0 ? piece.toString('latin1', 0, size) : this.#begun.slice(0, before + size)
    this.#begun = ''
    this.#start(new ResponseHead(text, this.#method))
    return size
  }

  #begin(piece: Buffer): void {
    this.#begun = piece.toString('latin1')
    refuseBareLineFeed(this.#begun, 0)
  }

  /** Adds the piece to what has come of the head and looks for its end, from where it may be. */
  #findEnd(piece: Buffer): number {
    const before = this.#begun.length
    this.#begun += piece.toString('latin1', 0, MAX_HEAD_BYTES)
    const end = this.#begun.indexOf(END_OF_HEAD, Math.max(0, before - 3))
    if (end < 0) refuseBareLineFeed(this.#begun, before)
    return end
  }

  #start(head: ResponseHead): void {
    if (head.status === 101) throw malformed('a protocol switch nobody asked for')
    if (head.status < 200) return
    this.head = head
    this.#remaining = head.length
    if (head.framing === 'chunked') this.#chunks = new ChunkedDecoder()
    const isEmpty = head.framing === 'length' && head.length === 0
    this.#state = head.framing === 'none' || isEmpty ? 'complete' : head.framing
  }

  #readBody(piece: Buffer): Uint8Array {
    if (this.#state === 'until-close') return piece
    if (this.#chunks && this.#state === 'chunked') return this.#readChunks(piece, this.#chunks)
    const taken = this.#state === 'length' ? Math.min(this.#remaining, piece.length) : 0
    this.#remaining -= taken
    if (this.#remaining === 0) this.#state = 'complete'
    this.hasExcess = taken < piece.length
    return taken === piece.length ? piece : piece.subarray(0, taken)
  }

  #readChunks(piece: Buffer, chunks: ChunkedDecoder): Uint8Array {
    const payload = chunks.decode(piece)
    if (chunks.isDone) this.#state = 'complete'
    this.hasExcess = chunks.consumed < piece.length
    return payload
  }
}

/** A head whose lines end otherwise would never end: it is refused before the size limit is. */
function refuseBareLineFeed(text: string, from: number): void {
  for (let at = text.indexOf('\n', from); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (text[at - 1] !== '\r') throw malformed('bare line feed')
  }
}
