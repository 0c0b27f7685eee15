/** What a server answered on one connection. */
export interface RawAnswer {
  /** Of the first answer; null when the connection was closed without one. */
  readonly status: number | null
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** Everything that came up to then, which is more than one answer when there were several. */
  readonly text: string
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>
  /** Closes it from this side. */
  end(): void
}

/**
 * Sends exactly these bytes (latin-1) over a new connection to 127.0.0.1, and resolves when one
 * whole answer has come or the server has closed the connection.
 */
export async function rawExchange(port: number, bytes: string): Promise<RawAnswer> {
  const closed = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  let text = ''
  const over = (): void => {
    closed.resolve()
    answered.resolve()
  }
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (socket) => void socket.write(Buffer.from(bytes, 'latin1')),
      data(_, received) {
        text += received.toString('latin1')
        if (isWhole(text)) answered.resolve()
      },
      end: over,
      close: over,
      error: over,
    },
  })
  await answered.promise
  return { ...parse(text), text, closed: closed.promise, end: () => socket.end() }
}

/** A request as text: the head from its lines, then the body. */
export const rawRequest = (lines: readonly string[], body = ''): string =>
  `${lines.join('\r\n')}\r\n\r\n${body}`

/** A request whose body, if it has one, is not sent. */
export interface Knock {
  readonly method: string
  readonly path: string
  readonly body: string | null
}

/** Sends the head of a request and nothing of its body: the answer can't have waited for it. */
export async function knock(
  port: number,
  { method, path, body }: Knock,
  headers: Readonly<Record<string, string>>,
): Promise<RawAnswer> {
  const answer = await rawExchange(
    port,
    rawRequest([
      `${method} ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Content-Type: application/json',
      `Content-Length: ${body === null ? 0 : Buffer.byteLength(body)}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ]),
  )
  answer.end()
  return answer
}

function parse(text: string) {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2)
  const [statusLine = '', ...fields] = head.split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]
  const headers = new Map(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    }),
  )
  return { status: status === undefined ? null : Number(status), headers, body }
}

/** Chunked answers are whole when the last chunk is there; those without a length have no body. */
function isWhole(text: string): boolean {
  if (!text.includes('\r\n\r\n')) return false
  const { headers, body } = parse(text)
  if (headers.get('transfer-encoding') === 'chunked') return text.endsWith('0\r\n\r\n')
  return body.length >= Number(headers.get('content-length') ?? 0)
}
