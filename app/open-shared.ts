import type { Db } from '../db/client.ts'
import { systemClock } from './domain/clock.ts'
import type { BucketReader } from './limits/bucket-reader.ts'
import { createRedisBuckets } from './limits/redis-buckets.ts'
import type { RedisLink } from './limits/redis-link.ts'
import { createRedisRevision } from './limits/redis-revision.ts'
import { createStoredBuckets } from './limits/stored-buckets.ts'
import { silentLog } from './log.ts'
import { openRedis } from './open-redis.ts'
import { createSharedRevision, type SharedRevision, UNSHARED } from './services/shared-revision.ts'
import type { Config } from './settings.ts'

/** What administration has in common with the servers of the same configuration. */
export interface Shared {
  /** Where they keep their buckets. */
  readonly buckets: BucketReader
  /** Where they hear of changes. */
  readonly revision: SharedRevision
  /** Lets go of Redis, if it was asked for anything. */
  close(): Promise<void>
}

/** Redis is connected at the first question. */
export function openShared({ redisUrl }: Pick<Config, 'redisUrl'>, db: Db): Shared {
  const stored = createStoredBuckets({ db, clock: systemClock })
  if (!redisUrl) return { buckets: stored, revision: UNSHARED, close: async () => {} }
  let opening: Promise<RedisLink> | undefined
  const link = (): Promise<RedisLink> => {
    opening ??= openRedis(redisUrl, silentLog)
    return opening
  }
  const buckets = createRedisBuckets(link)
  return {
    buckets: {
      read: buckets.read,
      async empty(holder, names) {
        await buckets.empty(holder, names)
        // For the day that Redis loses them: the ledger is read from the last time they were emptied.
        await stored.empty(holder, names)
      },
    },
    revision: createSharedRevision(createRedisRevision(link)),
    async close() {
      const opened = await opening?.catch(() => undefined)
      opened?.close()
    },
  }
}
