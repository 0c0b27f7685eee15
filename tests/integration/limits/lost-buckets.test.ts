import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { randomUUID } from 'node:crypto'
import { type Bucket, charged, drained, EMPTY } from '../../../app/domain/bucket.ts'
import { type Limit, NOTHING, shapeOf } from '../../../app/domain/limit.ts'
import type { Decision } from '../../../app/limits/limiter.ts'
import {
  createRedisLimiter,
  LEASE_MS,
  type RedisLimiter,
} from '../../../app/limits/redis-limiter.ts'
import { keysOf } from '../../../app/limits/redis-scripts.ts'
import { redisForTests } from '../../support/servers.ts'
import { connectPinned, type PinnedRedis } from './pinned-redis.ts'
import { limitsOf } from './some-limits.ts'
import { holdersOf } from './world.ts'

const AT_MS = 1_800_000_000_000
const NO_DEMAND = { need: 0, want: 0 }

const server = await redisForTests()

describe.skipIf('skip' in server)('buckets that Redis has lost', () => {
  let redis: PinnedRedis
  let limiter: RedisLimiter
  let limits: Limit[]
  let ids = 0
  let nowMs = AT_MS
  const rebuilds: string[][] = []

  beforeAll(async () => {
    if ('skip' in server) return
    redis = await connectPinned(server.url)
    limiter = createRedisLimiter({
      link: redis.link,
      async rebuild(_, of) {
        rebuilds.push(of.map(({ bucket }) => bucket))
        return of.map((limit) => ({ bucket: limit.bucket, state: halfUsed(limit) }))
      },
    })
  })
  afterAll(() => redis.close())

  beforeEach(() => {
    limits = limitsOf(randomUUID())
    rebuilds.length = 0
    after(0)
  })

  afterEach(() => redis.lose(holdersOf(limits), true))

  const after = (ms: number): void => {
    nowMs = AT_MS + ms
    redis.setTime(nowMs * 1000)
  }
  /** What the ledger says about every bucket. */
  const halfUsed = (limit: Limit): Bucket => {
    const shape = shapeOf(limit)
    return charged(drained(EMPTY, shape, nowMs), shape, Math.floor(shape.capacity / 2))
  }
  const limitsBy = (...windows: readonly string[]): Limit[] =>
    limits.filter(({ unit, window, holder }) => {
      return unit === 'tokens' && holder.startsWith('user:') && windows.includes(window)
    })
  const admit = (of: readonly Limit[], tokens: number): Promise<Decision> =>
    limiter.admit({
      id: `${limits[0]?.holder}-${ids++}`,
      limits: of,
      demands: {
        requests: NO_DEMAND,
        tokens: { need: tokens, want: tokens },
        'compute-seconds': NO_DEMAND,
        'concurrent-requests': NO_DEMAND,
      },
    })

  test('are rebuilt from the ledger when it knows of them, the others are empty', async () => {
    const [minute, day, hour] = limitsBy('minute', 'hour', 'day') as [Limit, Limit, Limit]
    const { states } = await admit([minute, day, hour], 1)
    expect(rebuilds).toEqual([[day.bucket, hour.bucket]])
    const held = (bucket: Bucket): Bucket => ({ ...bucket, held: 1 })
    expect(states.map(({ bucket }) => bucket)).toEqual([
      held(drained(EMPTY, shapeOf(minute), nowMs)),
      held(halfUsed(day)),
      held(halfUsed(hour)),
    ])
    await admit([minute, day, hour], 1)
    expect(rebuilds).toHaveLength(1)
  })

  test('do not come back empty when only what was held of them is left, and runs out', async () => {
    const of = limitsBy('minute', 'day')
    await admit(of, 5)
    const [, holds] = keysOf(of[0]?.holder ?? '')
    await redis.lose(holdersOf(of), false)
    expect(await redis.link.send(['ZCARD', holds])).toBe(1)
    after(LEASE_MS)
    const { states } = await admit(of, 5)
    expect(rebuilds).toHaveLength(2)
    expect(states[1]?.bucket).toEqual({ ...halfUsed(of[1] as Limit), held: 5 })
    expect(await redis.link.send(['ZCARD', holds])).toBe(1)
  })

  test('do not come back empty when a request is settled that held something of them', async () => {
    const of = limitsBy('day')
    const { reservation } = await admit(of, 5)
    if (!reservation) throw new Error('refused')
    const [hash] = keysOf(of[0]?.holder ?? '')
    await redis.lose(holdersOf(of), false)
    await limiter.settle(reservation, { ...NOTHING, tokens: 5 }, { isRetry: false })
    expect(await redis.link.send(['EXISTS', hash])).toBe(1)
    expect(rebuilds).toHaveLength(2)
    const { states } = await admit(of, 1)
    expect(rebuilds).toHaveLength(2)
    expect(states[0]?.bucket).toEqual({ ...halfUsed(of[0] as Limit), held: 1 })
  })
})
