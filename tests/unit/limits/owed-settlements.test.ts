import { beforeEach, describe, expect, test } from 'bun:test'
import { type Amounts, type Limit, NOTHING } from '../../../app/domain/limit.ts'
import { createOwedSettlements } from '../../../app/limits/owed-settlements.ts'
import { RedisGoneError } from '../../../app/limits/redis-link.ts'
import type { Running } from '../../../app/limits/running-requests.ts'
import { memoryLog } from '../support/memory-log.ts'
import { limitOf } from './limit-states.ts'

const daily = limitOf({ amount: 20, window: 'day' })
const byMinute = limitOf({ amount: 20, window: 'minute' })

const request = (id: string, limits: readonly Limit[] = [daily]): Running => ({
  reservation: { id, granted: NOTHING, limits },
  by: null,
})
const charges = (tokens: number): Amounts => ({ ...NOTHING, tokens })

/** What Redis got, a line each. */
let got: string[]
let isGone: boolean
let cannotTell: boolean
let log: ReturnType<typeof memoryLog>
let owed: ReturnType<typeof createOwedSettlements>

beforeEach(() => {
  got = []
  isGone = false
  cannotTell = false
  log = memoryLog()
  owed = createOwedSettlements({
    redis: {
      async settle({ id }, { tokens }, { isRetry }) {
        got.push(`settle ${id} ${tokens}${isRetry ? ' again' : ''}`)
        if (isGone) throw new RedisGoneError('gone')
      },
      async forget(limits) {
        if (limits.length > 0) got.push(`forget ${limits.map(({ window }) => window)}`)
      },
    },
    running: {
      async tell({ reservation: { id } }) {
        got.push(`tell ${id}`)
        if (cannotTell) throw new RedisGoneError('gone')
      },
      distrust({ reservation: { id, limits } }) {
        got.push(`distrust ${id} ${limits.map(({ window }) => window)}`)
      },
    },
    log,
  })
})

const sent = (): string[] => got.splice(0)

describe('settlements on their way to Redis', () => {
  test('are sent once when they arrive, after Redis knows of the request', async () => {
    await owed.send(request('a'), charges(3))
    await owed.sendAll()
    expect(sent()).toEqual(['tell a', 'settle a 3'])
    expect(owed.size).toBe(0)
  })

  test('are kept when there is no answer, and say the next time that they may have arrived', async () => {
    isGone = true
    await expect(owed.send(request('a'), charges(3))).rejects.toThrow(RedisGoneError)
    await expect(owed.sendAll()).rejects.toThrow(RedisGoneError)
    expect(owed.size).toBe(1)
    isGone = false
    await owed.sendAll()
    expect(sent().filter((line) => line.startsWith('settle'))).toEqual([
      'settle a 3',
      'settle a 3 again',
      'settle a 3 again',
    ])
    expect(owed.size).toBe(0)
  })

  test('that were not even sent do not say so', async () => {
    cannotTell = true
    owed.later(request('a'), charges(3))
    await expect(owed.sendAll()).rejects.toThrow(RedisGoneError)
    expect(owed.size).toBe(1)
    cannotTell = false
    await owed.sendAll()
    expect(sent()).toEqual(['tell a', 'tell a', 'settle a 3'])
  })

  test('are sent at last, however many they are and whatever goes wrong in between', async () => {
    for (let i = 0; i < 250; i++) owed.later(request(`${i}`), charges(i))
    isGone = true
    await expect(owed.sendAll()).rejects.toThrow(RedisGoneError)
    expect(owed.size).toBe(250)
    isGone = false
    sent()
    await owed.sendAll()
    const ids = sent().flatMap((line) => /^settle (\d+) /.exec(line)?.[1] ?? [])
    expect(ids.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 250 }, (_, i) => `${i}`),
    )
  })

  test('are left to the ledger beyond two thousand, the oldest first, with one warning', async () => {
    const limits = [daily, byMinute]
    for (let i = 0; i < 2005; i++) owed.later(request(`${i}`, limits), charges(1))
    expect(owed.size).toBe(2000)
    expect(log.entries).toHaveLength(1)
    await owed.sendAll()
    const told = sent()
    expect(told).not.toContain('settle 4 1')
    expect(told).toContain('settle 5 1')
    expect(told.at(-1)).toBe('forget day')
    await owed.sendAll()
    expect(sent()).toEqual([])
  })

  test('leave to the ledger what is rebuilt from it when Redis has lost everything', async () => {
    owed.later(request('a', [daily, byMinute]), charges(1))
    owed.later(request('b', [daily]), charges(2))
    isGone = true
    await expect(owed.send(request('c', [byMinute]), charges(3))).rejects.toThrow(RedisGoneError)
    isGone = false
    sent()
    owed.restate()
    expect(sent()).toEqual(['distrust a minute', 'distrust c minute'])
    await owed.sendAll()
    expect(sent().filter((line) => line.startsWith('settle'))).toEqual(['settle a 1', 'settle c 3'])
  })
})
