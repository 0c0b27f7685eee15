import { describe, expect, test } from 'bun:test'
import { RedisGoneError } from '../../../app/limits/redis-link.ts'
import { used } from './asking.ts'
import { limitOf } from './limit-states.ts'
import { setSharedStage } from './shared-stage.ts'

const hourly = limitOf({ amount: 10 })
const tokens = limitOf({ unit: 'tokens', amount: 1000 })

const gone = new RedisGoneError('gone')
const GONE = 'warn: Redis is gone: limits are held locally'
const BACK = 'info: Redis is back: limits are exact again'

describe('limits over several replicas', () => {
  test('are those of Redis as long as it is there', async () => {
    await using stage = await setSharedStage()
    expect(await stage.admitted(30)).toHaveLength(10)
    expect([stage.limiter.mode, stage.words]).toEqual(['exact', []])
  })

  test('are one share for all that Redis fails at once, which is told once', async () => {
    await using stage = await setSharedStage()
    stage.redis.failure = gone
    expect(await stage.admitted(100)).toHaveLength(5)
    expect(await stage.admitted(100)).toBeEmpty()
    expect([stage.limiter.mode, stage.words]).toEqual(['local', [GONE]])
  })

  test('are local from a settlement on that Redis does not answer', async () => {
    await using stage = await setSharedStage()
    const { limiter, redis } = stage
    const reservation = await stage.one()
    redis.failure = gone
    limiter.settle(reservation, used())
    limiter.settle(reservation, used())
    await stage.untilMode('local')
    expect(limiter.owed).toBe(1)
    redis.failure = null
    stage.asked()
    await stage.untilMode('exact')
    const settlements = stage.asked().filter((line) => line.startsWith('settle'))
    expect(settlements).toEqual(['settle 0 0 again'])
    expect([limiter.owed, stage.words]).toEqual([0, [GONE, BACK]])
  })

  test('are local from a beat on that Redis does not answer, though nobody asks', async () => {
    await using stage = await setSharedStage()
    stage.redis.failure = gone
    await stage.untilMode('local')
    await stage.beats(3)
    expect(stage.words).toEqual([GONE])
  })

  test('tell Redis what they did without it, and are exact one beat later', async () => {
    await using stage = await setSharedStage()
    stage.redis.failure = gone
    const ended = await stage.one(hourly, tokens)
    await stage.admitted(2, [hourly, tokens])
    stage.limiter.settle(ended, used({ tokens: 70 }))
    stage.redis.failure = null
    stage.asked()
    await stage.beats(1)
    expect(stage.limiter.mode).toBe('local')
    expect(stage.asked()).toEqual([
      ...['cancel', 'adopt', 'adopt'],
      ...['adopt', 'settle 0 70', 'keep 2'],
    ])
    await stage.beats(1)
    expect([stage.limiter.mode, stage.asked()]).toEqual(['exact', ['keep 2']])
  })

  test('stay local when Redis goes again before that', async () => {
    await using stage = await setSharedStage()
    const { redis, limiter } = stage
    for (const failure of [gone, null, gone, null]) {
      redis.failure = failure
      await stage.beats(1)
    }
    expect(limiter.mode).toBe('local')
    await stage.beats(1)
    expect([limiter.mode, stage.words]).toEqual(['exact', [GONE, BACK]])
  })

  test('of one outage are nothing to the next', async () => {
    await using stage = await setSharedStage()
    const { redis, limiter } = stage
    const day = limitOf({ unit: 'tokens', amount: 20, window: 'day' })
    redis.failure = gone
    const old = await stage.admitted(5, [day])
    redis.failure = null
    await stage.untilMode('exact')
    redis.failure = gone
    await stage.untilMode('local')
    // Its share of the 15 that are left.
    expect(await stage.admitted(20, [day])).toHaveLength(8)
    // What they held they held in the outage before: nothing becomes free in this one.
    for (const reservation of old) limiter.settle(reservation, used())
    expect(await stage.admitted(20, [day])).toBeEmpty()
  })

  test('renew what running requests hold every five seconds', async () => {
    await using stage = await setSharedStage()
    const { limiter, clock } = stage
    const first = await stage.one(tokens)
    await stage.admitted(2, [tokens])
    limiter.settle(first, used({ tokens: 1 }))
    clock.advance(4999)
    await stage.beats(1)
    stage.asked()
    await stage.beats(2)
    expect(stage.asked()).toEqual([])
    clock.advance(1)
    await stage.beats(2)
    expect(stage.asked()).toEqual(['keep 2'])
  })

  test('tell an emptied Redis of those that run', async () => {
    await using stage = await setSharedStage()
    await stage.admitted(2)
    await stage.beats(1)
    stage.redis.isEmptied = true
    stage.asked()
    await stage.beats(1)
    stage.redis.isEmptied = false
    await stage.beats(1)
    expect([stage.asked(), stage.limiter.mode]).toEqual([['adopt', 'adopt'], 'exact'])
  })

  test('fail closed when Redis has lost them and the ledger can’t tell', async () => {
    await using stage = await setSharedStage()
    stage.redis.failure = new Error('the database is gone')
    const refusal = stage.one()
    await expect(refusal).rejects.toMatchObject({ code: 'limits_unavailable', status: 503 })
    await expect(refusal).rejects.toMatchObject({ headers: { 'retry-after': '2' } })
    expect(stage.limiter.mode).toBe('exact')
    stage.redis.failure = null
    expect(await stage.admitted(1)).toHaveLength(1)
  })

  test('stay local, and say so once, while the ledger can’t tell what Redis has lost', async () => {
    await using stage = await setSharedStage()
    stage.redis.failure = gone
    await stage.one()
    stage.redis.failure = new Error('the database is gone')
    await stage.beats(3)
    const trouble = 'warn: limits of running requests could not be renewed'
    expect([stage.limiter.mode, stage.words]).toEqual(['local', [GONE, trouble]])
    stage.redis.failure = null
    await stage.untilMode('exact')
  })

  test('can be let go of while Redis is gone', async () => {
    await using stage = await setSharedStage()
    const { limiter, redis } = stage
    redis.failure = gone
    limiter.settle(await stage.one(), used())
    await limiter.close()
    expect(stage.hasLeft).toBeTrue()
    expect(stage.log.at(-1)).toMatchObject({ level: 'warn', fields: { settlements: 1 } })
    const before = stage.announced
    await Bun.sleep(300)
    expect(stage.announced).toBe(before)
  })
})
