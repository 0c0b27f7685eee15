import { randomUUID } from 'node:crypto'
import { createClient } from 'redis'
import type { RedisLink } from '../../../app/limits/redis-link.ts'
import {
  ADMIT,
  KEEP,
  keysOf,
  type Script,
  SEED,
  SETTLE,
} from '../../../app/limits/redis-scripts.ts'

/** The way the scripts ask for the time. */
const TIME = /redis\.call\(\s*'TIME'\s*\)/g

/** Redis with the scripts as they are, but for the time, which is what the test says it is. */
export interface PinnedRedis {
  readonly link: RedisLink
  /** From the next command on it is then, in epoch µs. */
  setTime(epochUs: number): void
  /** A holder's buckets and holds, in the words of the oracle. */
  written(holder: string): Promise<string>
  /** The holders' buckets are gone, and maybe what is held of them. */
  lose(holders: readonly string[], holdsToo: boolean): Promise<unknown>
  close(): Promise<void>
}

/** Connects; commands are sent in the order they are given, without waiting for answers. */
export async function connectPinned(url: string): Promise<PinnedRedis> {
  const client = await createClient({ url, RESP: 2 }).connect()
  const clock = `test:clock:${randomUUID()}`
  const send = (command: readonly string[]): Promise<unknown> => client.sendCommand([...command])
  const shas = new Map<Script, string>()
  for (const script of [ADMIT, SETTLE, KEEP, SEED])
    shas.set(script, String(await send(['SCRIPT', 'LOAD', pinned(script, clock)])))

  const link: RedisLink = {
    send,
    run: (script, keys, args) =>
      send(['EVALSHA', shas.get(script) ?? '', String(keys.length), ...keys, ...args]),
    close: () => client.destroy(),
  }
  return {
    link,
    setTime(epochUs) {
      const seconds = Math.floor(epochUs / 1_000_000)
      void send(['HSET', clock, 's', `${seconds}`, 'us', `${epochUs % 1_000_000}`])
    },
    async written(holder) {
      const [hash, holds] = keysOf(holder)
      const [buckets, lines] = await Promise.all([
        send(['HGETALL', hash]),
        send(['ZRANGE', holds, '0', '-1', 'WITHSCORES']),
      ])
      const held = pairs(lines).map(([line, untilMs]) => `${untilMs} ${inWords(line)}`)
      return [
        ...pairs(buckets)
          .map((pair) => pair.join(': '))
          .sort(),
        ...held.sort(),
      ].join('\n')
    },
    lose: (holders, holdsToo) =>
      send(['DEL', ...holders.flatMap((holder) => keysOf(holder).slice(0, holdsToo ? 2 : 1))]),
    async close() {
      await send(['DEL', clock])
      link.close()
    },
  }
}

function pinned({ source }: Script, clock: string): string {
  if (source.match(TIME)?.length !== 1) throw new Error('a script asks for the time once')
  return source.replace(TIME, `redis.call('HMGET', '${clock}', 's', 'us')`)
}

/** A hold's line: its id, then each bucket and its amount in lines of their own. */
function inWords(line: string): string {
  const [id = '', ...rest] = line.split('\n')
  const amounts = rest.flatMap((name, i) => (i % 2 === 0 ? [`${name} ${rest[i + 1]}`] : []))
  return [id, ...amounts].join(' | ')
}

const pairs = (flat: unknown): [string, string][] =>
  (flat as string[]).flatMap((one, i, all): [string, string][] =>
    i % 2 === 0 ? [[one, all[i + 1] ?? '']] : [],
  )
