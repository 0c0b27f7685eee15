import { describe, expect, test } from 'bun:test'
import { createClient } from 'redis'
import { createRebuild } from '../../../app/limits/rebuild.ts'
import { createRedisLimiter } from '../../../app/limits/redis-limiter.ts'
import type { RedisLink } from '../../../app/limits/redis-link.ts'
import { keysOf } from '../../../app/limits/redis-scripts.ts'
import { redisForTests } from '../../support/servers.ts'
import { needing } from '../../unit/limits/limit-states.ts'
import { limitOn, type Replica, startReplicas } from './replicas.ts'

const available = await redisForTests()

const tokens = limitOn('anna', { unit: 'tokens', amount: 100_000, window: 'day' })
const pair = limitOn('anna', { unit: 'concurrent-requests', amount: 2, window: 'now' })

describe.skipIf('skip' in available)('what a process that died had reserved', () => {
  test('is released by the next request when its lease is over', async () => {
    await using replicas = await startReplicas(1)
    const [alive] = replicas.all as [Replica]
    const { store, redis, ask, counted } = replicas
    const client = await createClient({ url: redis.url, RESP: 2 }).connect()
    const link: RedisLink = {
      send: (command) => client.sendCommand([...command]),
      run: ({ source }, keys, args) =>
        client.sendCommand(['EVAL', source, `${keys.length}`, ...keys, ...args]),
      close: () => client.destroy(),
    }
    const rebuild = createRebuild({
      db: store.db,
      clock: { now: Date.now },
      longestRequestMs: 60_000,
      operations: [],
    })
    const dead = createRedisLimiter({ link, rebuild })
    const limits = [tokens, pair]
    for (const id of ['one', 'two']) {
      const { reservation } = await dead.admit({ id, limits, demands: needing({ tokens: 40_000 }) })
      expect(reservation).not.toBeNull()
    }
    link.close()
    expect(await alive.admitAll(1, limits, { tokens: 40_000 })).toBeEmpty()

    const [, holds] = keysOf(tokens.holder)
    const lines = (await ask('ZRANGE', holds, '0', '-1')) as string[]
    expect(lines).toHaveLength(2)
    const leases = (await ask('ZRANGE', holds, '0', '-1', 'WITHSCORES')) as string[]
    expect(Number(leases[1]) - Date.now()).toBeWithin(20_000, 30_001)
    for (const line of lines) await ask('ZADD', holds, 'XX', String(Date.now() - 1), line)
    expect(await alive.admitAll(3, limits, { tokens: 40_000 })).toHaveLength(2)
    expect(await counted(tokens)).toEqual({ used: 0, held: 80_000 })
  })
})
