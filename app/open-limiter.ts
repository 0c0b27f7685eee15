import type { DatabaseHandle } from '../db/client.ts'
import { createBounded } from '../db/deadline.ts'
import { newId } from '../db/ids.ts'
import {
  deleteBuckets,
  listBuckets,
  listResets,
  upsertBuckets,
} from '../db/queries/limit-buckets.ts'
import { describeAddress } from './config.ts'
import { systemClock } from './domain/clock.ts'
import { StartupError } from './errors/startup-error.ts'
import type { Limiter } from './limits/limiter.ts'
import { openPersistentLimiter } from './limits/persistent-limiter.ts'
import { createRebuild } from './limits/rebuild.ts'
import { createRedisLimiter } from './limits/redis-limiter.ts'
import { connectRedis, type RedisLink } from './limits/redis-link.ts'
import { createReplicas } from './limits/replicas.ts'
import { createSharedLimiter } from './limits/shared-limiter.ts'
import type { Log } from './log.ts'
import type { Config } from './settings.ts'

/** How long the ledger may take to rebuild a bucket, in ms, and how many may be rebuilt at a time. */
const REBUILD_TIMEOUT_MS = 2000
const MAX_REBUILDS = 20

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
}

/** The limits of this process alone, or with Redis those of all replicas. Throws a StartupError. */
export async function openLimiter(config: Config, needs: OpenLimiterNeeds): Promise<OpenLimiter> {
  return config.redisUrl ? await openShared(config, needs) : await openOwn(needs)
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
  config: Config,
  { store: { db }, log }: OpenLimiterNeeds,
): Promise<OpenLimiter> {
  const redis = await openRedis(config, log)
  const rebuildNow = createRebuild({
    db,
    clock: systemClock,
    longestRequestMs: config.requestTimeoutSeconds * 1000,
  })
  const bounded = createBounded(REBUILD_TIMEOUT_MS, MAX_REBUILDS)
  const rebuild: typeof rebuildNow = (holder, limits) => bounded(() => rebuildNow(holder, limits))
  const replicas = createReplicas({ link: redis, id: newId() })
  const limiter = await createSharedLimiter({
    redis: createRedisLimiter({ link: redis, rebuild }),
    announce: replicas.announce,
    leave: async () => {
      await replicas.leave()
      redis.close()
    },
    rebuild,
    clock: systemClock,
    log,
  })
  return { limiter, redis, onRevision: async () => {} }
}

/** Connects to the configured Redis, or throws a StartupError that says in one line what is wrong. */
export async function openRedis(
  { redisUrl }: Pick<Config, 'redisUrl'>,
  log: Log,
): Promise<RedisLink> {
  if (!redisUrl) throw new StartupError('there is no Redis; set redis_url')
  try {
    return await connectRedis(redisUrl.reveal(), log)
  } catch (err) {
    const reason = err instanceof Error && 'code' in err ? ` (${err.code})` : ''
    throw new StartupError(
      `Redis at ${describeAddress(redisUrl)} can't be reached${reason}; check redis_url, its user and password, and that it is running`,
      { cause: err },
    )
  }
}
