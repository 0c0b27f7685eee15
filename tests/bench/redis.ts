import { createClient } from 'redis'
import { startRedis as startControlled } from '../support/servers/redis.ts'
import { cpuMicros } from './cpu.ts'

/** What a Redis has done since its start; times in us. */
export type RedisUse = {
  /** Run time of all its threads: reading, running, answering. */
  cpuMicros: number
  /** How many scripts it ran, and how long they took by its own clock. */
  scripts: number
  scriptMicros: number
}

/** A running Redis. */
export type Redis = { url: string; use: () => Promise<RedisUse>; stop: () => Promise<void> }

/** Starts a Redis that keeps nothing on disk, on the core of the load generator. */
export async function startRedis(): Promise<Redis> {
  const server = await startControlled()
  if ('skip' in server) throw new Error(server.skip)
  const client = createClient({ url: server.url })
  await client.connect()
  const pid = Number(readField(await client.info('server'), /^process_id:(\d+)/m))
  return {
    url: server.url,
    async use() {
      const stats = await client.info('commandstats')
      const line = /^cmdstat_evalsha:calls=(\d+),usec=(\d+)/m.exec(stats)
      return {
        cpuMicros: cpuMicros(pid),
        scripts: Number(line?.[1] ?? 0),
        scriptMicros: Number(line?.[2] ?? 0),
      }
    },
    async stop() {
      client.destroy()
      await server.dispose()
    },
  }
}

/** What it did between two moments. */
export const useBetween = (before: RedisUse, after: RedisUse): RedisUse => ({
  cpuMicros: after.cpuMicros - before.cpuMicros,
  scripts: after.scripts - before.scripts,
  scriptMicros: after.scriptMicros - before.scriptMicros,
})

function readField(info: string, pattern: RegExp): string {
  const found = pattern.exec(info)?.[1]
  if (found) return found
  throw new Error(`Redis says nothing like ${pattern}: ${info.slice(0, 200)}`)
}
