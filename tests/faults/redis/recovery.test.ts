import { describe, expect, test } from 'bun:test'
import type { Reservation } from '../../../app/limits/limiter.ts'
import { keysOf } from '../../../app/limits/redis-scripts.ts'
import { ask as sayTo } from '../../support/servers/ask.ts'
import { redisForTests } from '../../support/servers.ts'
import { limitOn, type Replica, startReplicas, total, until } from './replicas.ts'

const available = await redisForTests()

const daily = limitOn('daily', { amount: 100, window: 'day' })
const tokensOn = (user: string) => limitOn(user, { unit: 'tokens', amount: 100_000, window: 'day' })
const tokens = tokensOn('tokens')
const byMinute = limitOn('by-minute', { amount: 600, window: 'minute' })

const pairOf = ([first, second]: readonly Replica[]): readonly [Replica, Replica] => {
  if (!first || !second) throw new Error('there are no two replicas')
  return [first, second]
}

describe.skipIf('skip' in available)('when Redis comes back', () => {
  test('with its data, it counts what was admitted without it exactly once', async () => {
    await using replicas = await startReplicas(2)
    const [first, second] = pairOf(replicas.all)
    const { redis, ask, counted, untilMode } = replicas
    const old = await first.admitAll(10, [tokens], { tokens: 1000 })
    await first.settle(await first.admitAll(20, [daily]))
    await ask('SAVE')
    await redis.stop('crash')

    const [ended, running] = [await first.admitAll(8, [daily]), await second.admitAll(9, [daily])]
    await first.settle(ended)
    await first.settle(old.slice(0, 3), { tokens: 700 })
    const [endedTokens = [], ...runningTokens] = await Promise.all(
      [first, second, second].map((replica) => replica.admitAll(4, [tokens], { tokens: 1000 })),
    )
    await first.settle(endedTokens, { tokens: 900 })
    await redis.start()
    // Some end while Redis is being told of them.
    const settleUntilExact = async (): Promise<void> => {
      while (second.limiter.mode === 'local') {
        await second.settle(running.splice(0, 1))
        await Bun.sleep(50)
      }
    }
    await Promise.all([settleUntilExact(), untilMode('exact')])
    await until(() => replicas.all.every(({ limiter }) => limiter.owed === 0))
    expect(await counted(daily)).toEqual({ used: 20 + 8 + 9, held: 0 })
    expect((await counted(tokens))?.used).toBe(3 * 700 + 4 * 900)
    expect((await counted(tokens))?.held).toBe((7 + 8) * 1000)

    await second.settle(running)
    await first.settle(old.slice(3), { tokens: 100 })
    await second.settle(runningTokens.flat(), { tokens: 50 })
    await Bun.sleep(300)
    expect(await counted(daily)).toEqual({ used: 20 + 8 + 9, held: 0 })
    expect(await counted(tokens)).toEqual({ used: 2100 + 3600 + 700 + 400, held: 0 })
  })

  test('it is told once what ended while it stood still, though it had got that already', async () => {
    await using replicas = await startReplicas(1)
    const [replica] = replicas.all as [Replica]
    const [first, ...running] = await replica.admitAll(11, [tokens], { tokens: 1000 })
    // The one that teaches Redis the script.
    await replica.settle(first ? [first] : [], { tokens: 300 })
    await until(async () => (await replicas.counted(tokens))?.used === 300)
    await replicas.pause()
    await replica.settle(running, { tokens: 300 })
    await replicas.untilMode('local')
    await replicas.redis.resume()
    await replicas.untilMode('exact')
    expect(replica.limiter.owed).toBe(0)
    expect(await replicas.counted(tokens)).toEqual({ used: 3300, held: 0 })
  })

  test('it holds nothing for what it let in without being heard', async () => {
    await using replicas = await startReplicas(2)
    const [first, second] = pairOf(replicas.all)
    const single = limitOn('single', { unit: 'concurrent-requests', amount: 1, window: 'now' })
    const limits = [limitOn('single', { window: 'day' }), tokensOn('single'), single]
    await first.settle(await first.admitAll(1, limits))
    await until(async () => (await replicas.counted(single))?.held === 0)
    await replicas.pause()
    // Redis lets it in as soon as it goes on; the second has no share in the one that may run.
    expect(await second.admitAll(1, limits, { tokens: 9000 })).toBeEmpty()
    await replicas.redis.resume()
    await replicas.untilMode('exact')
    const counted = await Promise.all(limits.map(replicas.counted))
    expect(counted.map((filling) => filling?.held)).toEqual([0, 0, 0])
    expect(counted[0]?.used).toBe(1)
    expect(await second.admitAll(2, limits, { tokens: 9000 })).toHaveLength(1)
  })

  test('empty, it counts what the ledger does not know, and nothing that it does', async () => {
    await using replicas = await startReplicas(2)
    const [first, second] = pairOf(replicas.all)
    const { redis, counted, untilMode } = replicas
    await first.settle(await first.admitAll(20, [daily]))
    const before = await second.admitAll(3, [daily])
    await redis.stop('crash')
    await first.settle(await first.admitAll(5, [daily, byMinute]))
    const since = await second.admitAll(6, [daily, byMinute])
    await redis.start()
    await untilMode('exact')
    await first.admitAll(1, [daily, byMinute])
    expect((await counted(daily))?.used).toBe(20 + 3 + 5 + 6 + 1)
    expect((await counted(byMinute))?.used).toBeWithin(1, 5 + 6 + 1 + 1)
    await second.settle([...before, ...since])
    await Bun.sleep(100)
    expect((await counted(daily))?.used).toBe(20 + 3 + 5 + 6 + 1)
  })

  test('no more is admitted than the limit while replicas go over to it one by one', async () => {
    await using replicas = await startReplicas(3)
    const { redis, all } = replicas
    await redis.stop('crash')
    const admitted: Reservation[][] = []
    const isExact = () => all.every(({ limiter }) => limiter.mode === 'exact')
    const hammer = async (replica: Replica): Promise<void> => {
      let after = 0
      while (after < 20) {
        admitted.push(await replica.admitAll(5, [daily]))
        if (isExact()) after++
        await Bun.sleep(2)
      }
    }
    const hammering = Promise.all(all.map(hammer))
    await until(() => total(admitted) === 100)
    await redis.start()
    await hammering
    expect(total(admitted)).toBe(100)
  })

  test('it is waited for while it loads its data', async () => {
    const slow = ['--key-load-delay', '250', '--loading-process-events-interval-bytes', '1024']
    await using replicas = await startReplicas(1, slow)
    const [replica] = replicas.all as [Replica]
    const { redis, ask } = replicas
    await replica.admitAll(30, [daily])
    await ask('MSET', ...Array.from({ length: 2000 }, (_, i) => [`key-${i}`, 'value']).flat())
    await ask('SAVE')
    await redis.stop('crash')
    const started = redis.start()
    await until(async () => (await sayTo(redis.port, 'PING\r\n')).startsWith('-LOADING'))
    expect(await replica.admitAll(10, [daily])).toHaveLength(10)
    expect(replica.limiter.mode).toBe('local')
    await started
    await replicas.untilMode('exact')
    expect(await replicas.counted(daily)).toEqual({ used: 40, held: 0 })
  })

  test('it gets back what running requests hold', async () => {
    await using replicas = await startReplicas(1)
    const [replica] = replicas.all as [Replica]
    const crowded = limitOn('crowded', {
      unit: 'concurrent-requests',
      amount: 3,
      window: 'now',
    })
    await replica.admitAll(2, [crowded])
    await replicas.redis.stop('crash')
    await replicas.untilMode('local')
    await replicas.redis.start()
    await until(async () => (await replicas.counted(crowded))?.held === 2)
    expect(await replica.admitAll(3, [crowded])).toHaveLength(1)
    const [, holds] = keysOf(crowded.holder)
    const scores = (await replicas.ask('ZRANGE', holds, '0', '-1', 'WITHSCORES')) as string[]
    const soonest = Math.min(...scores.filter((_, i) => i % 2 === 1).map(Number))
    expect(soonest - Date.now()).toBeGreaterThan(15_000)
  })
})
