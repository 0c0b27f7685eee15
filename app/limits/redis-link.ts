import { createClient } from 'redis'
import type { Log } from '../log.ts'
import type { Script } from './redis-scripts.ts'

/** For so long Redis may be silent, in ms, while it owes an answer; then it counts as gone. */
const SILENCE_MS = 40
const CONNECT_TIMEOUT_MS = 2000
const RECONNECT_MS = 100
const PING_MS = 10_000

/** Redis did not answer, or could not do what it was asked. */
export class RedisGoneError extends Error {
  override readonly name = 'RedisGoneError'
}

/** A connection to Redis that fails fast. */
export interface RedisLink {
  /**
   * Runs a script. Throws a RedisGoneError when there is no connection, when Redis has been silent
   * for 40 ms, or when it refuses (out of memory, read-only, loading); the script may have run.
   */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>
  /** A command of another kind, under the same terms. */
  send(command: readonly string[]): Promise<unknown>
  close(): void
}

interface Waiting {
  readonly since: number
  readonly fail: (err: Error) => void
}

/** Connects to `redis://…` or `rediss://…`. Throws when that does not work at once. */
export async function connectRedis(url: string, log: Log): Promise<RedisLink> {
  let isConnected = false
  const client = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (_, cause) => (isConnected ? RECONNECT_MS : cause),
    },
  })
  client.on('error', (err: unknown) => log.debug({ err }, 'Redis connection'))
  await client.connect()
  isConnected = true
  return overseen(
    (command) => client.sendCommand([...command]),
    () => client.destroy(),
  )
}

/** Watches that answers come; split off so that it works over any way to send a command. */
export function overseen(
  sendCommand: (command: readonly string[]) => Promise<unknown>,
  close: () => void,
): RedisLink {
  const waiting = new Set<Waiting>()
  let heardAt = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const look = (): void => {
    timer = undefined
    const [oldest] = waiting
    if (!oldest) return
    const silentMs = performance.now() - Math.max(heardAt, oldest.since)
    if (silentMs < SILENCE_MS) {
      watch(SILENCE_MS - silentMs)
      return
    }
    for (const { fail } of waiting)
      fail(new RedisGoneError(`silent for ${Math.round(silentMs)} ms`))
    waiting.clear()
  }
  const watch = (ms: number): void => {
    // Not at once: when it was us who stood still, the answers are there and only want to be read.
    timer ??= setTimeout(() => setTimeout(look, 1), ms)
  }

  const send = (command: readonly string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const entry: Waiting = { since: performance.now(), fail: reject }
      waiting.add(entry)
      watch(SILENCE_MS)
      sendCommand(command).then(
        (answer) => {
          heardAt = performance.now()
          waiting.delete(entry)
          resolve(answer)
        },
        (err: unknown) => {
          heardAt = performance.now()
          waiting.delete(entry)
          reject(new RedisGoneError(String(err), { cause: err }))
        },
      )
    })

  return {
    send,
    async run({ source, sha }, keys, args) {
      const rest = [String(keys.length), ...keys, ...args]
      try {
        return await send(['EVALSHA', sha, ...rest])
      } catch (err) {
        if (!String(err).includes('NOSCRIPT')) throw err
        return await send(['EVAL', source, ...rest])
      }
    },
    close() {
      clearTimeout(timer)
      close()
    },
  }
}
