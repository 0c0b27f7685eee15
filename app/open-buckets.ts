import type { Db } from '../db/client.ts'
import { systemClock } from './domain/clock.ts'
import type { BucketReader } from './limits/bucket-reader.ts'
import { createRedisBuckets } from './limits/redis-buckets.ts'
import type { RedisLink } from './limits/redis-link.ts'
import { createStoredBuckets } from './limits/stored-buckets.ts'
import { silentLog } from './log.ts'
import { openRedis } from './open-redis.ts'
import type { Config } from './settings.ts'

export interface OpenBuckets extends BucketReader {
  /** Lets go of Redis, if it was asked for anything. */
  close(): Promise<void>
}

/** Where the servers of this configuration keep their buckets. Redis is connected at the first question. */
export function openBuckets({ redisUrl }: Pick<Config, 'redisUrl'>, db: Db): OpenBuckets {
  const stored = createStoredBuckets({ db, clock: systemClock })
  if (!redisUrl) return { ...stored, close: async () => {} }
  let link: Promise<RedisLink> | undefined
  const shared = createRedisBuckets(() => {
    link ??= openRedis(redisUrl, silentLog)
    return link
  })
  return {
    read: shared.read,
    async empty(holder, buckets) {
      await shared.empty(holder, buckets)
      // For the day that Redis loses them: the ledger is read from the last time they were emptied.
      await stored.empty(holder, buckets)
    },
    async close() {
      const opened = await link?.catch(() => undefined)
      opened?.close()
    },
  }
}
