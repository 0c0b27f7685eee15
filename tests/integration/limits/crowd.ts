import type { Socket } from 'bun'
import { ResponseReader } from '../../bench/response-reader.ts'
import type { TestUser } from '../../support/gateway/people.ts'

/** So many connections are opened at a time: more than a server has room for would wait a second. */
const BATCH = 100

/** One connection, and the answer that is awaited on it. */
interface Line {
  readonly socket: Socket<undefined>
  reader: ResponseReader
  answered: PromiseWithResolvers<number>
}

/** Many clients, each with a connection that is open already. */
export interface Crowd extends Disposable {
  /**
   * Sends a request on each connection, all in one turn of the event loop, and reads all answers. The
   * statuses are in the order of the connections. Rejects when a connection breaks.
   */
  ask(requestOf: (index: number) => string): Promise<readonly number[]>
}

/** Opens that many connections to 127.0.0.1, in turn to each of the ports; to be held with `using`. */
export async function gatherCrowd(ports: readonly number[], count: number): Promise<Crowd> {
  const lines: Line[] = []
  while (lines.length < count) {
    const batch = Array.from({ length: Math.min(BATCH, count - lines.length) }, (_, i) =>
      connect(ports[(lines.length + i) % ports.length] ?? 0),
    )
    lines.push(...(await Promise.all(batch)))
  }
  return {
    async ask(requestOf) {
      for (const [index, line] of lines.entries()) {
        line.reader = new ResponseReader()
        line.answered = Promise.withResolvers()
        line.socket.write(requestOf(index))
      }
      return await Promise.all(lines.map(({ answered }) => answered.promise))
    },
    [Symbol.dispose]() {
      for (const { socket } of lines) socket.terminate()
    },
  }
}

/** A request as it goes over the wire. */
export function requestText(user: TestUser, path: string, body: object): string {
  const text = JSON.stringify(body)
  return [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Authorization: Bearer ${user.key}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    '',
    text,
  ].join('\r\n')
}

/** How often each status was answered. */
export function tally(statuses: readonly number[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

async function connect(port: number): Promise<Line> {
  const broken = (): void => line.answered.reject(new Error('the connection broke'))
  const line = {
    reader: new ResponseReader(),
    answered: Promise.withResolvers<number>(),
    socket: await Bun.connect<undefined>({
      hostname: '127.0.0.1',
      port,
      socket: {
        data(_, bytes) {
          if (line.reader.feed(bytes)) line.answered.resolve(line.reader.status)
        },
        close: broken,
        error: broken,
      },
    }),
  }
  line.answered.promise.catch(() => {})
  return line
}
