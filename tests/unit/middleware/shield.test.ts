import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createAttempts, goTo, HERE, leaveTime, times, WINDOW_MS } from '../support/attempts.ts'
import { memoryLog } from '../support/memory-log.ts'

beforeEach(() => goTo(0))
afterEach(leaveTime)

describe('an address that fails', () => {
  test('may do so as often as the budget says, and is refused from then on', async () => {
    const { bad, good, lookups } = createAttempts()
    expect(await times(5, bad)).toEqual(Array(5).fill('unauthorized'))
    expect(await times(100, bad)).toEqual(Array(100).fill('too_many_failures'))
    expect(await good()).toBe('too_many_failures')
    expect(lookups()).toBe(5)
  })

  test('is not helped by what it does well in between', async () => {
    const { bad, good } = createAttempts()
    for (let i = 0; i < 5; i++) expect([await good(), await bad()]).toEqual(['ok', 'unauthorized'])
    expect(await good()).toBe('too_many_failures')
  })

  test('has a new budget a window after its first failure, and is told so to the second', async () => {
    const { bad, retryAfter } = createAttempts()
    await bad()
    goTo(20_500)
    await times(4, bad)
    for (const [at, seconds] of [
      [20_500, 40],
      [21_000, 39],
      [21_001, 39],
      [58_999, 2],
      [59_000, 1],
      [59_999, 1],
      [60_000, 0],
    ] as const) {
      goTo(at)
      expect(await retryAfter()).toBe(seconds)
    }
    expect(await times(6, bad)).toEqual([...Array(5).fill('unauthorized'), 'too_many_failures'])
  })

  test('does no harm to others', async () => {
    const { bad, good } = createAttempts()
    await times(10, bad)
    expect(await good('192.0.2.8')).toBe('ok')
    expect(await bad('2001:db8:0:0::/64')).toBe('unauthorized')
  })

  test('is still open to a key that is known, which may turn out bad', async () => {
    const { bad, good } = createAttempts()
    await times(10, bad)
    expect(await good(HERE, true)).toBe('ok')
    expect(await bad(HERE, true)).toBe('unauthorized')
    expect(await good()).toBe('too_many_failures')
  })

  test('is named in the log when it is shut out, once', async () => {
    const log = memoryLog()
    const { bad } = createAttempts({ log })
    await times(10, bad)
    await bad(HERE, true)
    expect(log.entries).toEqual([
      { level: 'warn', fields: { address: HERE, failures: 5 }, message: expect.any(String) },
    ])
  })
})

describe('nothing is counted', () => {
  test('of those who succeed, or are refused for another reason than their key', async () => {
    const increments: string[] = []
    const increment = async (address: string) => {
      increments.push(address)
      return { totalHits: 1 }
    }
    const { good, ending } = createAttempts({ store: { increment } })
    for (const code of ['revoked', 'forbidden', 'database_unavailable', 'not_found'] as const) {
      expect(await times(6, () => ending(code))).toEqual(Array(6).fill(code))
    }
    expect(await times(6, good)).toEqual(Array(6).fill('ok'))
    expect(increments).toEqual([])
  })

  test('of those who count against nobody', async () => {
    const { bad } = createAttempts()
    expect(await times(20, () => bad(null))).toEqual(Array(20).fill('unauthorized'))
  })
})

test('the failures of 10,000 addresses are remembered: who failed longest ago is forgotten', async () => {
  const { bad } = createAttempts({ limit: 1 })
  const addresses = Array.from({ length: 10_001 }, (_, i) => `2001:db8:0:${i.toString(16)}::/64`)
  for (const address of addresses) expect(await bad(address)).toBe('unauthorized')
  expect(await bad(addresses[1])).toBe('too_many_failures')
  expect(await bad(addresses[10_000])).toBe('too_many_failures')
  expect(await bad(addresses[0])).toBe('unauthorized')
})

test('whatever comes in whatever order, the budget holds in each window to the last failure', async () => {
  const step = fc.oneof(
    fc.constantFrom('bad' as const, 'good' as const),
    fc.integer({ min: 1, max: 40_000 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      goTo(0)
      const attempts = createAttempts()
      let [failures, windowEnd, at] = [0, 0, 0]
      for (const each of steps) {
        if (typeof each === 'number') {
          at += each
          goTo(at)
          continue
        }
        if (at >= windowEnd) failures = 0
        const allowed = each === 'bad' ? 'unauthorized' : 'ok'
        expect(await attempts[each]()).toBe(failures < 5 ? allowed : 'too_many_failures')
        if (each === 'good' || failures >= 5) continue
        if (failures === 0) windowEnd = at + WINDOW_MS
        failures++
      }
    }),
  )
})
