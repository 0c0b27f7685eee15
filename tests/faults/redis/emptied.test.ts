import { describe, expect, test } from 'bun:test'
import { keysOf } from '../../../app/limits/redis-scripts.ts'
import { redisForTests } from '../../support/servers.ts'
import { limitOn, type Replica, startReplicas, total, until } from './replicas.ts'

const available = await redisForTests()

const daily = limitOn('daily', { amount: 100, window: 'day' })

describe.skipIf('skip' in available)('a Redis that is emptied', () => {
  test('under load grants no fresh budget', async () => {
    await using replicas = await startReplicas(3)
    let admitted = 0
    const use = async (replica: Replica): Promise<void> => {
      for (let refused = 0; refused < 10; ) {
        const { reservation } = await replica.admit([daily])
        if (!reservation) {
          refused++
          continue
        }
        admitted++
        await Bun.sleep(5)
        await replica.settle([reservation])
      }
    }
    const using = Promise.all(replicas.all.map(use))
    for (const enough of [30, 60, 90]) {
      await until(() => admitted >= enough)
      await replicas.ask('FLUSHALL')
    }
    await using
    // What ran at each of these moments and ended before it was missed is all that can come on top.
    expect(admitted).toBeWithin(100, 100 + 3 * replicas.all.length + 1)
    expect(replicas.all.map(({ limiter }) => limiter.mode)).toEqual(['exact', 'exact', 'exact'])
  })

  test('counts the requests that run again, and what they hold', async () => {
    await using replicas = await startReplicas(2)
    const [first, second] = replicas.all as [Replica, Replica]
    const tokens = limitOn('daily', { unit: 'tokens', amount: 4000, window: 'day' })
    const limits = [daily, tokens]
    await first.settle(await first.admitAll(10, limits, { tokens: 100 }), { tokens: 70 })
    const running = [
      ...(await first.admitAll(4, limits, { tokens: 200 })),
      ...(await first.admitAll(1, [daily])),
    ]
    // Until its replica has been in touch with Redis again.
    await Bun.sleep(400)
    await replicas.ask('FLUSHALL')
    const other = await second.admitAll(1, limits, { tokens: 200 })
    await until(async () => (await replicas.counted(tokens))?.held === 1000)
    expect((await replicas.counted(daily))?.used).toBe(10 + 5 + 1)
    await first.settle(running, { tokens: 0 })
    await second.settle(other, { tokens: 0 })
    await until(async () => (await replicas.counted(tokens))?.held === 0)
    expect((await replicas.counted(daily))?.used).toBe(16)
    expect((await replicas.counted(tokens))?.used).toBe(700)
  })

  test('is filled again for everybody who comes at once', async () => {
    await using replicas = await startReplicas(1)
    const [replica] = replicas.all as [Replica]
    const users = Array.from({ length: 200 }, (_, i) => limitOn(`${i}`, { window: 'day' }))
    await replicas.ask('FLUSHALL')
    const decisions = await Promise.all(users.map((limit) => replica.admit([limit])))
    expect(decisions.every(({ reservation }) => reservation)).toBeTrue()
  })

  test('has what the ledger says before the next request is admitted, and only once', async () => {
    await using replicas = await startReplicas(2)
    const [first] = replicas.all as [Replica]
    await first.settle(await first.admitAll(60, [daily]))
    await replicas.ask('FLUSHALL')
    const after = await Promise.all(replicas.all.map((replica) => replica.admitAll(60, [daily])))
    expect(total(after)).toBe(40)
    expect(await replicas.ask('HLEN', keysOf(daily.holder)[0])).toBe(1)
  })
})

describe.skipIf('skip' in available)('a Redis that forgets its scripts', () => {
  test('is taught them again, and nobody notices', async () => {
    await using replicas = await startReplicas(1)
    const [replica] = replicas.all as [Replica]
    await replica.admitAll(3, [daily])
    await replicas.ask('SCRIPT', 'FLUSH')
    const decisions = await Promise.all(Array.from({ length: 20 }, () => replica.admit([daily])))
    expect(decisions.every(({ reservation }) => reservation)).toBeTrue()
    expect(replica.limiter.mode).toBe('exact')
    expect((await replicas.counted(daily))?.used).toBe(23)
  })
})
