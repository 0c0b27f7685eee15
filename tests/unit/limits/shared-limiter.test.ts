import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Limiter } from '../../../app/limits/limiter.ts'
import { createMemoryLimiter, type MemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import type { RedisLimiter } from '../../../app/limits/redis-limiter.ts'
import { RedisGoneError } from '../../../app/limits/redis-link.ts'
import { createSharedLimiter } from '../../../app/limits/shared-limiter.ts'
import { createClock } from '../support/clock.ts'
import { memoryLog } from '../support/memory-log.ts'
import { asking, used } from './asking.ts'
import { AT, limitOf } from './limit-states.ts'

const hourly = limitOf({ amount: 10 })
const tokens = limitOf({ unit: 'tokens', amount: 1000 })

let clock: ReturnType<typeof createClock>
let log: ReturnType<typeof memoryLog>
let memory: MemoryLimiter
/** What Redis is asked but for announcements, a line each. */
let asked: string[]
/** What it says to everything, in place of an answer. */
let failure: Error | null
let isEmptied: boolean
let announced: number
let hasLeft: boolean
let limiter: Limiter

const reply = (what: string): void => {
  asked.push(what)
  if (failure) throw failure
}
const redis: RedisLimiter = {
  async admit(admission) {
    reply('admit')
    return await memory.admit(admission)
  },
  async settle(_, charges, { isRetry }) {
    reply(`settle ${charges.requests} ${charges.tokens}${isRetry ? ' again' : ''}`)
  },
  adopt: async () => reply('adopt'),
  cancel: async () => reply('cancel'),
  forget: async (limits) => reply(`forget ${limits.length}`),
  keep: async (reservations) => {
    reply(`keep ${reservations.length}`)
    return []
  },
}

beforeEach(async () => {
  clock = createClock(AT)
  log = memoryLog()
  memory = createMemoryLimiter({ clock })
  asked = []
  failure = null
  isEmptied = false
  announced = 0
  hasLeft = false
  limiter = await createSharedLimiter({
    redis,
    async announce() {
      announced++
      if (failure instanceof RedisGoneError) throw failure
      return { place: { rank: 0, count: 2 }, isEmptied }
    },
    leave: async () => {
      hasLeft = true
    },
    rebuild: async () => [],
    clock,
    log,
  })
})
afterEach(() => limiter.close())

const admitted = async (count: number, limits = [hourly]) => {
  const { admit } = asking(limiter)
  const asked = await Promise.all(Array.from({ length: count }, () => admit(limits)))
  return asked.flatMap((reservation) => reservation ?? [])
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(5)
}
const beats = async (count: number): Promise<void> => {
  const wanted = announced + count
  await until(() => announced >= wanted)
  await Bun.sleep(5)
}
const words = (): string[] => log.entries.map(({ level, message }) => `${level}: ${message}`)
const GONE = 'warn: Redis is gone: limits are held locally'
const BACK = 'info: Redis is back: limits are exact again'

describe('limits over several replicas', () => {
  test('are those of Redis as long as it is there', async () => {
    expect(await admitted(30)).toHaveLength(10)
    expect([limiter.mode, words()]).toEqual(['exact', []])
  })

  test('are one share for all that Redis fails at once, which is told once', async () => {
    failure = new RedisGoneError('gone')
    expect(await admitted(100)).toHaveLength(5)
    expect(await admitted(100)).toBeEmpty()
    expect([limiter.mode, words()]).toEqual(['local', [GONE]])
  })

  test('are local from a settlement on that Redis does not answer', async () => {
    const [reservation] = await admitted(1)
    if (!reservation) throw new Error('refused')
    failure = new RedisGoneError('gone')
    limiter.settle(reservation, used())
    limiter.settle(reservation, used())
    await until(() => limiter.mode === 'local')
    expect(limiter.owed).toBe(1)
    failure = null
    asked = []
    await until(() => limiter.mode === 'exact')
    expect(asked.filter((line) => line.startsWith('settle'))).toEqual(['settle 0 0 again'])
    expect([limiter.owed, words()]).toEqual([0, [GONE, BACK]])
  })

  test('are local from a beat on that Redis does not answer, though nobody asks', async () => {
    failure = new RedisGoneError('gone')
    await until(() => limiter.mode === 'local')
    await beats(3)
    expect(words()).toEqual([GONE])
  })

  test('tell Redis what they did without it, and are exact one beat later', async () => {
    failure = new RedisGoneError('gone')
    const [ended] = await admitted(3, [hourly, tokens])
    if (!ended) throw new Error('refused')
    limiter.settle(ended, used({ tokens: 70 }))
    failure = null
    asked = []
    await beats(1)
    expect(limiter.mode).toBe('local')
    expect(asked).toEqual([
      ...['cancel', 'cancel', 'cancel', 'adopt', 'adopt'],
      ...['adopt', 'settle 0 70', 'keep 2'],
    ])
    asked = []
    await beats(1)
    expect([limiter.mode, asked]).toEqual(['exact', ['keep 2']])
  })

  test('stay local when Redis goes again before that', async () => {
    failure = new RedisGoneError('gone')
    await admitted(1)
    failure = null
    await beats(1)
    failure = new RedisGoneError('gone')
    await beats(1)
    failure = null
    await beats(1)
    expect(limiter.mode).toBe('local')
    await beats(1)
    expect([limiter.mode, words()]).toEqual(['exact', [GONE, BACK]])
  })

  test('renew what running requests hold every five seconds', async () => {
    const [first] = await admitted(3, [tokens])
    if (!first) throw new Error('refused')
    limiter.settle(first, used({ tokens: 1 }))
    clock.advance(4999)
    await beats(1)
    asked = []
    await beats(2)
    expect(asked).toEqual([])
    clock.advance(1)
    await beats(2)
    expect(asked).toEqual(['keep 2'])
  })

  test('tell an emptied Redis of those that run', async () => {
    await admitted(2)
    await beats(1)
    isEmptied = true
    asked = []
    await beats(1)
    isEmptied = false
    await beats(1)
    expect(asked).toEqual(['adopt', 'adopt'])
    expect(limiter.mode).toBe('exact')
  })

  test('fail closed when Redis has lost them and the ledger can’t tell', async () => {
    failure = new Error('the database is gone')
    const refusal = admitted(1)
    await expect(refusal).rejects.toMatchObject({ code: 'limits_unavailable', status: 503 })
    await expect(refusal).rejects.toMatchObject({ headers: { 'retry-after': '2' } })
    expect(limiter.mode).toBe('exact')
    failure = null
    expect(await admitted(1)).toHaveLength(1)
  })

  test('stay local, and say so once, while the ledger can’t tell what Redis has lost', async () => {
    failure = new RedisGoneError('gone')
    await admitted(1)
    failure = new Error('the database is gone')
    await beats(3)
    const trouble = 'warn: limits of running requests could not be renewed'
    expect([limiter.mode, words()]).toEqual(['local', [GONE, trouble]])
    failure = null
    await until(() => limiter.mode === 'exact')
  })

  test('can be let go of while Redis is gone', async () => {
    failure = new RedisGoneError('gone')
    const [reservation] = await admitted(1)
    if (!reservation) throw new Error('refused')
    limiter.settle(reservation, used())
    await limiter.close()
    expect(hasLeft).toBeTrue()
    expect(log.entries.at(-1)).toMatchObject({ level: 'warn', fields: { settlements: 1 } })
    const before = announced
    await Bun.sleep(300)
    expect(announced).toBe(before)
  })
})
