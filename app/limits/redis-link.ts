import type { Log } from '../log.ts'
import type { Script } from './redis-scripts.ts'
import { createSilence } from './silence.ts'

const CONNECT_TIMEOUT_MS = 2000
const RECONNECT_MS = 100
const PING_MS = 1000
/** A connection on which nothing moves for so long, in ms, is replaced: the network may have lost it. */
const DEAD_MS = 3000

/** Redis did not answer, or could not do what it was asked. */
export class RedisGoneError extends Error {
  override readonly name = 'RedisGoneError'
}

/** A connection to Redis that fails fast. */
export interface RedisLink {
  /**
   * Runs a script. Throws a RedisGoneError when there is no connection, when Redis has been silent
   * for 40 ms, or longer where everything is slow, or when it refuses (out of memory, read-only,
   * loading); the script may have run. After a silence it throws at once until Redis is heard again.
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
  // Who has no Redis need not wait for a client with hundreds of modules, at each command.
  const { createClient } = await import('redis')
  let isConnected = false
  const client = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: DEAD_MS,
      reconnectStrategy: (_, cause) => (isConnected ? RECONNECT_MS : cause),
    },
  })
  client.on('error', (err: unknown) => log.debug({ err }, 'Redis connection'))
  await client.connect()
  isConnected = true
  return overseen(
    (command) => client.sendCommand(command),
    () => client.destroy(),
  )
}

/** Watches that answers come; split off so that it works over any way to send a command. */
export function overseen(
  sendCommand: (command: readonly string[]) => Promise<unknown>,
  close: () => void,
): RedisLink {
  const waiting = new Set<Waiting>()
  const silence = createSilence()
  let isGone = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const heard = (entry: Waiting): void => {
    silence.heard(performance.now())
    isGone = false
    waiting.delete(entry)
  }
  const look = (): void => {
    timer = undefined
    const [oldest] = waiting
    if (!oldest) return
    if (!silence.look(performance.now(), oldest.since)) {
      watch()
      return
    }
    isGone = true
    for (const { fail } of waiting)
      fail(new RedisGoneError(`silent for ${Math.round(silence.ms)} ms`))
    waiting.clear()
  }
  const watch = (): void => {
    timer = setTimeout(look, silence.nextLookMs)
  }

  const send = (command: readonly string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      // What it owes is enough to hear of its return; more would only pile up.
      if (isGone) throw new RedisGoneError('still silent')
      const entry: Waiting = { since: performance.now(), fail: reject }
      waiting.add(entry)
      if (!timer) {
        silence.begin(entry.since)
        watch()
      }
      sendCommand(command).then(
        (answer) => {
          heard(entry)
          resolve(answer)
        },
        (err: unknown) => {
          heard(entry)
          reject(new RedisGoneError(String(err), { cause: err }))
        },
      )
    })

  return {
    send,
    async run({ source, sha }, keys, args) {
      const command = ['EVALSHA', sha, String(keys.length), ...keys, ...args]
      try {
        return await send(command)
      } catch (err) {
        if (!String(err).includes('NOSCRIPT')) throw err
        return await send(['EVAL', source, ...command.slice(2)])
      }
    },
    close() {
      clearTimeout(timer)
      close()
    },
  }
}
