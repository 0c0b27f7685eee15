import { malformed } from './errors.ts'

/** Where in `chunk-size [ext] CRLF data CRLF ... 0 CRLF trailers CRLF` the next byte belongs. */
type State =
  | 'size'
  | 'padding'
  | 'extension'
  | 'size-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer-start'
  | 'trailer'
  | 'trailer-lf'
  | 'final-lf'
  | 'done'

const HT = 0x09
const LF = 0x0a
const CR = 0x0d
const SP = 0x20
const SEMICOLON = 0x3b
const DEL = 0x7f
/** Hexadecimal digits of a size, leading zeros included: enough for 2^53. */
const MAX_SIZE_DIGITS = 14
/** Bytes of all extensions, and of all trailers, of one body; they are read and forgotten. */
const MAX_IGNORED_BYTES = 64 * 1024

/** Takes the chunked coding off a body (RFC 9112 §7.1), however its bytes are cut into pieces. */
export class ChunkedDecoder {
  #state: State = 'size'
  #size = 0
  #digits = 0
  #ignoredBytes = 0
  /** Bytes of the last piece that belonged to the body's coding; the rest came after its end. */
  consumed = 0

  /** True after the last chunk and its trailers. */
  get isDone(): boolean {
    return this.#state === 'done'
  }

  /**
   * The payload within a piece, empty when there is none. It is moved together in place: the piece
   * must be the caller's to change. Throws an HttpClientError when the coding is broken.
   */
  decode(piece: Uint8Array): Uint8Array {
    let start = 0
    let end = 0
    let at = 0
    while (at < piece.length && this.#state !== 'done') {
      if (this.#state !== 'data') {
        this.#state = this.#after(piece[at++] ?? 0)
        continue
      }
      const taken = Math.min(this.#size, piece.length - at)
      if (end === 0) start = end = at
      else piece.copyWithin(end, at, at + taken)
      end += taken
      at += taken
      this.#size -= taken
      if (this.#size === 0) this.#state = 'data-cr'
    }
    this.consumed = at
    return piece.subarray(start, end)
  }

  /** The state that follows when a byte which is not payload was read. */
  #after(byte: number): State {
    switch (this.#state) {
      case 'size':
        return this.#afterSize(byte)
      case 'padding':
        return byte === SP || byte === HT ? this.#ignored(byte, 'padding') : sizeEnd(byte)
      case 'extension':
        return byte === CR ? 'size-lf' : this.#ignored(byte, 'extension')
      case 'size-lf':
        this.#digits = 0
        return expected(byte, LF, this.#size === 0 ? 'trailer-start' : 'data')
      case 'data-cr':
        return expected(byte, CR, 'data-lf')
      case 'data-lf':
        return expected(byte, LF, 'size')
      case 'trailer-start':
        return byte === CR ? 'final-lf' : this.#ignored(byte, 'trailer')
      case 'trailer':
        return byte === CR ? 'trailer-lf' : this.#ignored(byte, 'trailer')
      case 'trailer-lf':
        return expected(byte, LF, 'trailer-start')
      default:
        return expected(byte, LF, 'done')
    }
  }

  #afterSize(byte: number): State {
    const digit = hexDigit(byte)
    if (digit < 0 && this.#digits > 0) return sizeEnd(byte)
    this.#size = this.#size * 16 + digit
    const isTooLarge = ++this.#digits > MAX_SIZE_DIGITS || this.#size > Number.MAX_SAFE_INTEGER
    if (digit < 0 || isTooLarge) throw malformed('chunk size')
    return 'size'
  }

  #ignored(byte: number, next: State): State {
    const isText = byte === HT || (byte >= SP && byte !== DEL)
    if (!isText) throw malformed('control character between chunks')
    if (++this.#ignoredBytes > MAX_IGNORED_BYTES) throw malformed('too much between chunks')
    return next
  }
}

/** RFC 9112 §7.1.1: extensions are ignored, and so is white space before them. */
function sizeEnd(byte: number): State {
  if (byte === CR) return 'size-lf'
  if (byte === SEMICOLON) return 'extension'
  if (byte === SP || byte === HT) return 'padding'
  throw malformed('chunk size')
}

function expected(byte: number, wanted: number, next: State): State {
  if (byte === wanted) return next
  throw malformed('chunk')
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
