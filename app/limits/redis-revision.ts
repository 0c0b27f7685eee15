import type { RedisLink } from './redis-link.ts'
import { RAISE, REVISION_KEY } from './redis-scripts.ts'

/** The newest revision, said and read in Redis; everything throws a RedisGoneError without it. */
export const createRedisRevision = (link: () => Promise<RedisLink>) => ({
  async read(): Promise<number> {
    return Number((await (await link()).send(['GET', REVISION_KEY])) ?? 0)
  },
  async raise(revision: number): Promise<void> {
    await (await link()).run(RAISE, [REVISION_KEY], [String(revision)])
  },
})
