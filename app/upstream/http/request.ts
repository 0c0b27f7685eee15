/** What is asked for. A body that is a stream is sent in chunks, as fast as it is taken. */
export interface RequestInit {
  readonly method: string
  /** Frozen ones are checked and put together only once. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | ReadableStream<Uint8Array> | null
  /** Ends the request, and closes its connection, at any time before the answer's last byte. */
  readonly signal: AbortSignal
}

/** RFC 9110 §9.1; CONNECT would turn the connection into something else. */
const METHOD = /^(?!CONNECT$)[A-Z]+$/
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/
const VALUE = /^[\t\x20-\x7e]*$/
/** What this client decides about (RFC 9112 §6, §9.6). */
const OWN_FIELDS = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'expect'])

/**
 * A request's first bytes: request line, header fields, empty line (RFC 9112 §3, §5). Throws a
 * TypeError on what would not be read as it was meant.
 */
export function requestHead(authority: string, path: string, init: RequestInit): string {
  const { method, headers, body } = init
  if (!METHOD.test(method)) throw new TypeError('not a method this client sends')
  const fields = fieldsOf(headers) + bodyField(method, body)
  return `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n${fields}\r\n`
}

/** The lines of headers that can't change: most requests have the same few. */
const knownFields = new WeakMap<object, string>()

function fieldsOf(headers: RequestInit['headers']): string {
  const known = knownFields.get(headers)
  if (known !== undefined) return known
  let fields = ''
  for (const [name, value] of Object.entries(headers)) {
    if (!NAME.test(name) || OWN_FIELDS.has(name.toLowerCase()) || !VALUE.test(value)) {
      throw new TypeError(`header ${JSON.stringify(name)} cannot be sent`)
    }
    fields += `${name}: ${value}\r\n`
  }
  if (Object.isFrozen(headers)) knownFields.set(headers, fields)
  return fields
}

/** RFC 9110 §8.6: an empty body is announced where the method lets one expect a body. */
function bodyField(method: string, body: RequestInit['body']): string {
  if (body === null) return method === 'GET' || method === 'HEAD' ? '' : 'content-length: 0\r\n'
  if (typeof body === 'string') return `content-length: ${Buffer.byteLength(body)}\r\n`
  if (body.locked) throw new TypeError('the request body is used already')
  return 'transfer-encoding: chunked\r\n'
}

/** RFC 9110 §9.2.2: sending it twice has the effect of sending it once. */
export const isIdempotent = (method: string): boolean => method !== 'POST' && method !== 'PATCH'
