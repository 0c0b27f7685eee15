import { createServer, connect as dial, type Socket } from 'node:net'

/** Told of everything before it is passed on; what is slow here holds up all that follows. */
export interface Watcher {
  readonly onCommand?: (words: readonly string[]) => void | Promise<void>
  readonly onAnswer?: (words: readonly string[]) => void | Promise<void>
}

export interface RedisProxy {
  readonly url: string
  stop(): Promise<void>
}

/** Stands between clients and a Redis; both callbacks are given the words of the command. */
export async function startRedisProxy(target: string, watcher: Watcher): Promise<RedisProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const redis = dial(Number(port || 6379), hostname)
    const unanswered: (readonly string[])[] = []
    for (const socket of [client, redis]) sockets.add(socket.on('error', () => {}))
    pass(client, redis, async (frame) => {
      const words = wordsOf(frame)
      unanswered.push(words)
      await watcher.onCommand?.(words)
    })
    pass(redis, client, async () => {
      await watcher.onAnswer?.(unanswered.shift() ?? [])
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String(typeof address === 'object' && address ? address.port : 0)
  return {
    url: url.href,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Passes whole messages on, one after the other, each when it has been seen. */
function pass(from: Socket, to: Socket, see: (frame: string) => Promise<void>): void {
  let text = ''
  let passed = Promise.resolve()
  from.on('data', (bytes) => {
    text += bytes.toString('latin1')
    for (let end = frameEnd(text, 0); end > 0; end = frameEnd(text, 0)) {
      const frame = text.slice(0, end)
      text = text.slice(end)
      passed = passed.then(async () => {
        await see(frame)
        to.write(frame, 'latin1')
      })
    }
  })
  from.on('close', () => to.destroy())
}

/** Where the message (RESP 2) that begins there ends; -1 when not all of it has come. */
function frameEnd(text: string, at: number): number {
  const lineEnd = text.indexOf('\r\n', at)
  if (lineEnd < 0) return -1
  const count = Number(text.slice(at + 1, lineEnd))
  let end = lineEnd + 2
  if (text[at] === '$' && count >= 0) end += count + 2
  for (let i = 0; text[at] === '*' && i < count && end > 0; i++) end = frameEnd(text, end)
  return end <= text.length ? end : -1
}

/** The words of a command: an array of strings that each say how long they are. */
function wordsOf(frame: string): string[] {
  const words: string[] = []
  let at = frame.indexOf('\r\n') + 2
  while (at < frame.length) {
    const start = frame.indexOf('\r\n', at) + 2
    const end = start + Number(frame.slice(at + 1, start - 2))
    words.push(frame.slice(start, end))
    at = end + 2
  }
  return words
}
