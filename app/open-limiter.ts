import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabaseHandle } from '../db/client.ts'
import { createBounded } from '../db/deadline.ts'
import { newId } from '../db/ids.ts'
import {
  deleteBuckets,
  listBuckets,
  listResets,
  upsertBuckets,
} from '../db/queries/limit-buckets.ts'
import { systemClock } from './domain/clock.ts'
import type { Limiter } from './limits/limiter.ts'
import { openPersistentLimiter } from './limits/persistent-limiter.ts'
import { createRebuild } from './limits/rebuild.ts'
import { createRedisLimiter } from './limits/redis-limiter.ts'
import { RedisGoneError, type RedisLink } from './limits/redis-link.ts'
import { createReplicas } from './limits/replicas.ts'
import { createSharedLimiter } from './limits/shared-limiter.ts'
import type { Log } from './log.ts'
import { explainRedis, openRedis, warnOfEviction } from './open-redis.ts'
import type { Config } from './settings.ts'

/** How long the ledger may take to rebuild a bucket, in ms, and how many may be rebuilt at a time. */
const REBUILD_TIMEOUT_MS = 2000
const MAX_REBUILDS = 500

/** How long Redis may be too slow at the start, in ms, and when to ask it again. */
const START_MS = 5000
const START_RETRY_MS = 100

export interface OpenLimiter {
  readonly limiter: Limiter
  /** The way to Redis, if there is one. */
  readonly redis: RedisLink | null
  /** To be called when the revision has changed: an administrator may have given back what was used. */
  onRevision(): Promise<void>
}

export interface OpenLimiterNeeds {
  readonly store: DatabaseHandle
  readonly log: Log
  /** The operations that have a model work; the others count against no limit. */
  readonly operations: readonly string[]
}

/** The limits of this process alone, or with Redis those of all replicas. Throws a StartupError. */
export async function openLimiter(config: Config, needs: OpenLimiterNeeds): Promise<OpenLimiter> {
  const { redisUrl } = config
  if (!redisUrl) return await openOwn(needs)
  const redis = await openRedis(redisUrl, needs.log)
  try {
    await warnOfEviction(redis, needs.log)
    return await openShared(redis, config, needs)
  } catch (err) {
    redis.close()
    throw err instanceof RedisGoneError ? explainRedis(err, redisUrl) : err
  }
}

async function openOwn({ store: { db }, log }: OpenLimiterNeeds): Promise<OpenLimiter> {
  const limiter = await openPersistentLimiter({
    load: () => listBuckets(db),
    save: (rows) => upsertBuckets(db, rows),
    remove: (keys) => deleteBuckets(db, keys),
    readResets: () => listResets(db),
    clock: systemClock,
    log,
  })
  return { limiter, redis: null, onRevision: limiter.applyResets }
}

async function openShared(
  redis: RedisLink,
  config: Config,
  { store: { db }, log, operations }: OpenLimiterNeeds,
): Promise<OpenLimiter> {
  const rebuildNow = createRebuild({
    db,
    clock: systemClock,
    longestRequestMs: (config.bodyTimeoutSeconds + config.requestTimeoutSeconds) * 1000,
    operations,
  })
  const bounded = createBounded(REBUILD_TIMEOUT_MS, MAX_REBUILDS)
  const rebuild: typeof rebuildNow = (holder, limits) => bounded(() => rebuildNow(holder, limits))
  const replicas = createReplicas({ link: redis, id: newId(), newId })
  const limiter = await patiently(() =>
    createSharedLimiter({
      redis: createRedisLimiter({ link: redis, rebuild }),
      announce: replicas.announce,
      leave: async () => {
        await replicas.leave()
        redis.close()
      },
      rebuild,
      clock: systemClock,
      log,
    }),
  )
  return { limiter, redis, onRevision: async () => {} }
}

/** Tries again while Redis is silent; one that refuses is taken at its word. */
async function patiently<T>(open: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + START_MS
  for (;;) {
    try {
      return await open()
    } catch (err) {
      const isSilent = err instanceof RedisGoneError && !err.cause
      if (!isSilent || performance.now() > deadline) throw err
      await sleep(START_RETRY_MS)
    }
  }
}
