import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { randomUUID } from 'node:crypto'
import { connectRedis, type RedisLink } from '../../../app/limits/redis-link.ts'
import { silentLog } from '../../../app/log.ts'
import { redisFailureStore } from '../../../app/middleware/failure-store.ts'
import { ownRedis, redisForTests } from '../../support/servers.ts'
import { createAttempts, times } from '../../unit/support/attempts.ts'
import { memoryLog } from '../../unit/support/memory-log.ts'

const shared = await redisForTests()
const links: RedisLink[] = []
afterAll(() => {
  for (const link of links) link.close()
})

async function connect(url: string): Promise<RedisLink> {
  const link = await connectRedis(url, silentLog)
  links.push(link)
  return link
}

const ALL_FAIL = Array(5).fill('unauthorized')

describe.skipIf('skip' in shared)('replicas that share a Redis', () => {
  const url = 'url' in shared ? shared.url : ''
  /** An address that nobody else uses in the Redis that all tests share. */
  const newAddress = () => `test-${randomUUID()}`
  const replica = async () => createAttempts({ store: redisFailureStore(await connect(url)) })

  test('give an address one budget together, and are told at their next failure', async () => {
    const [one, two] = [await replica(), await replica()]
    const address = newAddress()
    expect(await times(4, () => one.bad(address))).toEqual(ALL_FAIL.slice(1))
    expect(await two.bad(address)).toBe('unauthorized')
    expect(await two.bad(address)).toBe('too_many_failures')
    expect(await one.bad(address)).toBe('unauthorized')
    expect(await one.bad(address)).toBe('too_many_failures')
    expect(await one.good(newAddress())).toBe('ok')
  })

  test('count under a name of their own, which is gone when the window ends', async () => {
    const link = await connect(url)
    const windowMs = 120_000
    const { bad } = createAttempts({ windowMs, store: redisFailureStore(link) })
    const address = newAddress()
    await times(3, () => bad(address))
    const key = `parallama:shield:${address}`
    expect(await link.send(['GET', key])).toBe('3')
    const ttl = Number(await link.send(['PTTL', key]))
    expect([ttl > 0, ttl <= windowMs]).toEqual([true, true])
  })

  test('begin a new window when the old one has ended in Redis', async () => {
    const link = await connect(url)
    const store = redisFailureStore(link)
    const address = newAddress()
    await times(5, () => createAttempts({ store }).bad(address))
    expect(await link.send(['GET', `parallama:shield:${address}`])).toBe('5')
    await link.send(['PEXPIRE', `parallama:shield:${address}`, '0'])
    const late = createAttempts({ store })
    expect(await times(5, () => late.bad(address))).toEqual(ALL_FAIL)
    expect(await late.bad(address)).toBe('too_many_failures')
  })

  test('do not mind that Redis forgets its scripts', async () => {
    const link = await connect(url)
    const { bad } = createAttempts({ store: redisFailureStore(link) })
    const address = newAddress()
    await bad(address)
    await link.send(['SCRIPT', 'FLUSH'])
    await times(2, () => bad(address))
    expect(await link.send(['GET', `parallama:shield:${address}`])).toBe('3')
  })

  test('ask Redis nothing for those who succeed', async () => {
    const link = await connect(url)
    const sent: (readonly string[])[] = []
    const send = (command: readonly string[]) => {
      sent.push(command)
      return link.send(command)
    }
    const { good, bad } = createAttempts({ store: redisFailureStore({ send }) })
    const before = sent.length
    const address = newAddress()
    expect(await times(20, () => good(address))).toEqual(Array(20).fill('ok'))
    expect(sent).toHaveLength(before)
    await bad(address)
    expect(sent).toHaveLength(before + 1)
  })
})

describe.skipIf('skip' in shared)('when Redis dies', () => {
  const dispositions: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const dispose of dispositions.splice(0)) await dispose()
  })

  async function setUp() {
    const redis = await ownRedis()
    if ('skip' in redis) throw new Error(redis.skip)
    dispositions.push(redis.dispose)
    const log = memoryLog()
    const store = redisFailureStore(await connect(redis.url))
    const alone = () => log.entries.filter(({ message }) => message.includes('alone')).length
    return { redis, store, alone, ...createAttempts({ store, log }) }
  }

  test.each(['orderly', 'crash'] as const)(
    'callers get the same answers, counted by this process alone, which is logged once (%s)',
    async (how) => {
      const { redis, bad, good, alone, lookups } = await setUp()
      expect(await times(2, bad)).toEqual(['unauthorized', 'unauthorized'])
      await redis.stop(how)
      expect(await times(3, bad)).toEqual(ALL_FAIL.slice(2))
      expect(await times(3, bad)).toEqual(Array(3).fill('too_many_failures'))
      expect(await good('192.0.2.8')).toBe('ok')
      expect([lookups(), alone()]).toEqual([6, 1])
    },
  )

  test('two hundred at once are counted as well as with it', async () => {
    const { redis, bad, lookups } = await setUp()
    await redis.stop('crash')
    const codes = await Promise.all(Array.from({ length: 200 }, () => bad()))
    expect(codes.filter((code) => code === 'unauthorized')).toHaveLength(5)
    expect(lookups()).toBe(5)
  })

  test('and comes back, it is counted in again', async () => {
    const { redis, store, bad } = await setUp()
    await redis.stop('crash')
    await bad('192.0.2.1')
    await redis.start()
    const other = createAttempts({ store })
    const isSeen = async () => {
      const address = `test-${randomUUID()}`
      await times(4, () => bad(address))
      await other.bad(address)
      return (await other.bad(address)) === 'too_many_failures'
    }
    // The connection comes back by itself, at a time of its own.
    while (!(await isSeen())) await Bun.sleep(50)
    expect(await isSeen()).toBe(true)
  })

  test('before anybody has failed, a shield can be made all the same', async () => {
    const { redis, store } = await setUp()
    await redis.stop('crash')
    const { bad } = createAttempts({ store })
    expect(await times(6, bad)).toEqual([...ALL_FAIL, 'too_many_failures'])
  })
})
