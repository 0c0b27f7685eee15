import { malformed } from './errors.ts'
import { ResponseHeaders } from './headers.ts'

/** How the end of a body is known (RFC 9112 §6.3). */
export type Framing = 'none' | 'length' | 'chunked' | 'until-close'

/** What precedes the body of a response. */
export interface ResponseHead {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly framing: Framing
  /** Bytes of a body framed by `length`; 0 otherwise. */
  readonly length: number
  /** Whether the server keeps the connection open after this response (RFC 9112 §9.3). */
  readonly keepAlive: boolean
}

/** The three fields that decide about framing and connection; null when absent. */
interface FramingFields {
  contentLength: string | null
  transferEncoding: string | null
  connection: string | null
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/
const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const CR = 0x0d
const LF = 0x0a
const COLON = 0x3a

const NAME = 1
const VALUE = 2
/** What each byte may be part of: a field's name, its value (RFC 9110 §5.1, §5.5). */
const KIND = Uint8Array.from({ length: 256 }, (_, byte) => {
  const isName = TOKEN.includes(String.fromCharCode(byte))
  const isValue = byte === 0x09 || (byte >= 0x20 && byte !== 0x7f)
  return (isName ? NAME : 0) | (isValue ? VALUE : 0)
})

/**
 * Reads a head, from its first byte to the empty line at its end, as latin-1. Throws an
 * HttpClientError on what RFC 9112 forbids, and on what it lets a recipient guess about: folded
 * lines, bare LF or CR, repeated Content-Length, a Transfer-Encoding that is not `chunked`.
 */
export function parseHead(text: string, method: string): ResponseHead {
  const line = STATUS_LINE.exec(text)
  if (!line) throw malformed('status line')
  const status = Number(line[2])
  const fields = readFields(text, line[0].length)
  const isOld = line[1] === '0'
  const length = readLength(fields, isOld)
  const framing = framingOf(status, method, fields, length)
  return {
    status,
    headers: new ResponseHeaders(text, line[0].length),
    framing,
    length: framing === 'length' ? (length ?? 0) : 0,
    keepAlive: !isOld && framing !== 'until-close' && !asksToClose(fields.connection),
  }
}

/** RFC 9112 §5: `name ":" OWS value OWS CRLF`, without white space around the name. */
function readFields(text: string, start: number): FramingFields {
  const fields: FramingFields = { contentLength: null, transferEncoding: null, connection: null }
  let at = start
  while (text.charCodeAt(at) !== CR) {
    const name = at
    while (((KIND[text.charCodeAt(at)] ?? 0) & NAME) !== 0) at++
    if (at === name || text.charCodeAt(at) !== COLON) throw malformed('header name')
    const value = at + 1
    at = value
    while (((KIND[text.charCodeAt(at)] ?? 0) & VALUE) !== 0) at++
    if (text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF)
      throw malformed('header value')
    noteField(fields, text, name, value, at)
    at += 2
  }
  if (at + 2 !== text.length) throw malformed('end of the headers')
  return fields
}

function noteField(
  fields: FramingFields,
  text: string,
  name: number,
  value: number,
  end: number,
): void {
  const nameLength = value - 1 - name
  // The lengths of the names below: all other fields are left unread until they are asked for.
  if (nameLength !== 10 && nameLength !== 14 && nameLength !== 17) return
  const lowerCase = text.slice(name, value - 1).toLowerCase()
  if (lowerCase === 'connection') {
    fields.connection = joined(fields.connection, text.slice(value, end))
  } else if (lowerCase === 'content-length') {
    fields.contentLength = joined(fields.contentLength, text.slice(value, end))
  } else if (lowerCase === 'transfer-encoding') {
    fields.transferEncoding = joined(fields.transferEncoding, text.slice(value, end))
  }
}

const joined = (before: string | null, value: string): string =>
  before === null ? value.trim() : `${before}, ${value.trim()}`

/** RFC 9112 §6.2 and §6.1: one decimal number, never beside a Transfer-Encoding. */
function readLength(fields: FramingFields, isOld: boolean): number | null {
  const { contentLength, transferEncoding } = fields
  if (transferEncoding !== null) {
    if (contentLength !== null) throw malformed('both Content-Length and Transfer-Encoding')
    if (isOld) throw malformed('Transfer-Encoding in HTTP/1.0')
    if (transferEncoding.toLowerCase() !== 'chunked') throw malformed('Transfer-Encoding')
    return null
  }
  if (contentLength === null) return null
  if (!/^\d{1,16}$/.test(contentLength)) throw malformed('Content-Length')
  const length = Number(contentLength)
  if (!Number.isSafeInteger(length)) throw malformed('Content-Length')
  return length
}

/** RFC 9112 §6.3, in its order. */
function framingOf(
  status: number,
  method: string,
  fields: FramingFields,
  length: number | null,
): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none'
  if (fields.transferEncoding !== null) return 'chunked'
  return length === null ? 'until-close' : 'length'
}

/** RFC 9112 §9.6: `close` is one of the comma-separated options. */
const asksToClose = (connection: string | null): boolean =>
  connection?.split(',').some((option) => option.trim().toLowerCase() === 'close') ?? false
