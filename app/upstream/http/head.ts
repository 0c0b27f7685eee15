import { malformed } from './errors.ts'

/** How the end of a body is known (RFC 9112 §6.3). */
export type Framing = 'none' | 'length' | 'chunked' | 'until-close'

const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const CR = 0x0d
const LF = 0x0a
const SP = 0x20
const COLON = 0x3a

const NAME = 1
const VALUE = 2
/** What each byte may be part of: a field's name, its value (RFC 9110 §5.1, §5.5). */
const KIND = Uint8Array.from({ length: 256 }, (_, byte) => {
  const isName = TOKEN.includes(String.fromCharCode(byte))
  const isValue = byte === 0x09 || (byte >= SP && byte !== 0x7f)
  return (isName ? NAME : 0) | (isValue ? VALUE : 0)
})

/**
 * What precedes the body of a response, checked. It is kept as text: a field is taken out when it
 * is asked for, except the three that decide about the body's end and the connection.
 */
export class ResponseHead {
  readonly status: number
  readonly framing: Framing
  /** Bytes of a body framed by `length`; 0 otherwise. */
  readonly length: number
  /** Whether the server keeps the connection open after this response (RFC 9112 §9.3). */
  readonly keepAlive: boolean
  readonly #text: string
  /** Where the first field begins. */
  readonly #start: number

  /**
   * `text` goes from the first byte to the empty line at the end, as latin-1. Throws an
   * HttpClientError on what RFC 9112 forbids, and on what it lets a recipient guess about: folded
   * lines, bare LF or CR, repeated Content-Length, a Transfer-Encoding that is not `chunked`.
   */
  constructor(text: string, method: string) {
    this.#text = text
    this.status = readStatus(text)
    this.#start = text.indexOf('\n') + 1
    checkFields(text, this.#start)
    const isOld = text.charCodeAt(7) === 0x30
    const coding = this.get('transfer-encoding')
    const length = readLength(this.get('content-length'), coding, isOld)
    this.framing = framingOf(this.status, method, coding, length)
    this.length = this.framing === 'length' ? (length ?? 0) : 0
    const isKept = !isOld && this.framing !== 'until-close'
    this.keepAlive = isKept && !asksToClose(this.get('connection'))
  }

  /** A field's value, several joined as RFC 9110 §5.3 says; null when there is none. */
  get(name: string): string | null {
    const text = this.#text
    let found: string | null = null
    let at = this.#start
    for (let end = text.indexOf('\r\n', at); end > at; end = text.indexOf('\r\n', at)) {
      const colon = at + name.length
      if (text.charCodeAt(colon) === COLON && isSame(text.slice(at, colon), name)) {
        const value = text.slice(colon + 1, end).trim()
        found = found === null ? value : `${found}, ${value}`
      }
      at = end + 2
    }
    return found
  }
}

const isSame = (a: string, b: string): boolean => a === b || a.toLowerCase() === b.toLowerCase()

/** RFC 9112 §4: `HTTP/1.1 SP 3DIGIT [SP reason] CRLF`; 100 to 599 (RFC 9110 §15). */
function readStatus(text: string): number {
  const isHttp = text.startsWith('HTTP/1.1 ') || text.startsWith('HTTP/1.0 ')
  const digits = text.slice(9, 12)
  if (!isHttp || !/^[1-5]\d\d$/.test(digits)) throw malformed('status line')
  const next = text.charCodeAt(12)
  const end = next === SP ? endOfValue(text, 13) : 12
  if (!isLineEnd(text, end)) throw malformed('status line')
  return Number(digits)
}

/** RFC 9112 §5: `name ":" OWS value OWS CRLF`, without white space around the name. */
function checkFields(text: string, start: number): void {
  let at = start
  while (text.charCodeAt(at) !== CR) {
    const name = at
    while (((KIND[text.charCodeAt(at)] ?? 0) & NAME) !== 0) at++
    if (at === name || text.charCodeAt(at) !== COLON) throw malformed('header name')
    at = endOfValue(text, at + 1)
    if (!isLineEnd(text, at)) throw malformed('header value')
    at += 2
  }
  if (at + 2 !== text.length) throw malformed('end of the headers')
}

function endOfValue(text: string, start: number): number {
  let at = start
  while (((KIND[text.charCodeAt(at)] ?? 0) & VALUE) !== 0) at++
  return at
}

const isLineEnd = (text: string, at: number): boolean =>
  text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF

/** RFC 9112 §6.2 and §6.1: one decimal number, never beside a Transfer-Encoding. */
function readLength(value: string | null, coding: string | null, isOld: boolean): number | null {
  if (coding !== null) {
    if (value !== null) throw malformed('both Content-Length and Transfer-Encoding')
    if (isOld) throw malformed('Transfer-Encoding in HTTP/1.0')
    if (coding.toLowerCase() !== 'chunked') throw malformed('Transfer-Encoding')
    return null
  }
  if (value === null) return null
  const length = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(length)) throw malformed('Content-Length')
  return length
}

/** RFC 9112 §6.3, in its order. */
function framingOf(
  status: number,
  method: string,
  coding: string | null,
  length: number | null,
): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none'
  if (coding !== null) return 'chunked'
  return length === null ? 'until-close' : 'length'
}

/** RFC 9112 §9.6: `close` is one of the comma-separated options. */
const asksToClose = (connection: string | null): boolean =>
  connection?.split(',').some((option) => option.trim().toLowerCase() === 'close') ?? false
