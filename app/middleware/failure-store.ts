import { MemoryStore, RedisStore, type Store } from 'hono-rate-limiter'

/** Counts per address in a fixed window, which begins at the first count after the last one's end. */
export type FailureStore = Pick<Store, 'init' | 'increment'>

/** A way to Redis that has an answer, or an error, in a short time whatever happens. */
export interface RedisCommands {
  send(command: readonly string[]): Promise<unknown>
}

/** Counts that all replicas share. */
export function redisFailureStore(redis: RedisCommands, prefix = 'shield'): FailureStore {
  // The library declares what it wants to get; it checks the answers itself.
  const send = <T>(...command: string[]) => redis.send(command) as Promise<T>
  return new RedisStore({
    prefix: `parallama:${prefix}:`,
    client: {
      scriptLoad: (script) => send('SCRIPT', 'LOAD', script),
      evalsha: (sha, keys, args) =>
        send('EVALSHA', sha, String(keys.length), ...keys, ...args.map(String)),
      decr: (key) => send('DECR', key),
      del: (key) => send('DEL', key),
    },
  })
}

/** Counts in this process, of so many addresses and no more; who was counted first is forgotten. */
export function memoryFailureStore(maxAddresses: number) {
  const store = new MemoryStore()
  return {
    init: (options: Parameters<NonNullable<FailureStore['init']>>[0]) => store.init(options),
    increment(address: string) {
      const count = store.increment(address)
      const [oldest] = store.current.size > maxAddresses ? store.current.keys() : []
      if (oldest !== undefined) store.resetKey(oldest)
      return count
    },
    close: () => store.shutdown(),
  }
}
