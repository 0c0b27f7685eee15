import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { memoryFailureStore } from '../../../app/middleware/failure-store.ts'
import { createAttempts, goTo, leaveTime, times, WINDOW_MS } from '../support/attempts.ts'
import { memoryLog } from '../support/memory-log.ts'

beforeEach(() => goTo(0))
afterEach(leaveTime)

describe('with a store that is shared', () => {
  /** Counts as Redis does, by the clock of the test. */
  function sharedStore() {
    const counts = new Map<string, { totalHits: number; resetTime: Date }>()
    const state = { isDown: false, increments: 0 }
    const increment = async (address: string) => {
      state.increments++
      if (state.isDown) throw new Error('connection refused')
      const known = counts.get(address)
      const isLive = known !== undefined && known.resetTime.getTime() > Date.now()
      const resetTime = isLive ? known.resetTime : new Date(Date.now() + WINDOW_MS)
      const count = { totalHits: isLive ? known.totalHits + 1 : 1, resetTime }
      counts.set(address, count)
      return count
    }
    return { state, store: { increment } }
  }

  test('all replicas together have one budget, and each is told at its next failure', async () => {
    const { store, state } = sharedStore()
    const [one, two, three] = [
      createAttempts({ store }),
      createAttempts({ store }),
      createAttempts({ store }),
    ]
    await times(3, one.bad)
    expect(await times(2, two.bad)).toEqual(['unauthorized', 'unauthorized'])
    expect(await two.bad()).toBe('too_many_failures')
    expect(await one.bad()).toBe('unauthorized')
    expect(await one.bad()).toBe('too_many_failures')
    expect(await three.good()).toBe('ok')
    expect(state.increments).toBe(6)
  })

  test('the window is that of the first failure anywhere', async () => {
    const { store } = sharedStore()
    const [one, two] = [createAttempts({ store }), createAttempts({ store })]
    await one.bad()
    goTo(30_000)
    await times(4, two.bad)
    expect(await two.retryAfter()).toBe(30)
    goTo(60_000)
    expect(await two.good()).toBe('ok')
  })

  test.each([
    [10_000, 60],
    [70_000, 70],
  ])(
    'an address comes back when both windows have ended: that here, and one %d ms long',
    async (ms, seconds) => {
      let totalHits = 0
      const resetTime = new Date(Date.now() + ms)
      const increment = async () => ({ totalHits: ++totalHits, resetTime })
      const { bad, good, retryAfter } = createAttempts({ store: { increment } })
      await times(5, bad)
      expect(await retryAfter()).toBe(seconds)
      goTo(seconds * 1000)
      expect(await good()).toBe('ok')
    },
  )

  test('that fails, the failures here are counted all the same, and it is logged once', async () => {
    const { store, state } = sharedStore()
    const log = memoryLog()
    const { bad, lookups } = createAttempts({ store, log })
    await times(2, bad)
    state.isDown = true
    expect(await times(3, bad)).toEqual(Array(3).fill('unauthorized'))
    expect(await bad()).toBe('too_many_failures')
    expect(lookups()).toBe(5)
    goTo(60_000)
    await times(2, bad)
    const alone = () => log.entries.filter(({ message }) => message.includes('alone')).length
    expect(alone()).toBe(1)
    state.isDown = false
    await bad()
    state.isDown = true
    await times(2, bad)
    expect(alone()).toBe(2)
  })

  test('that throws instead of answering does no more harm than one that fails', async () => {
    const increment = () => {
      throw new TypeError('closed')
    }
    const { bad } = createAttempts({ store: { increment } })
    expect(await times(6, bad)).toEqual([...Array(5).fill('unauthorized'), 'too_many_failures'])
  })

  test('that is slow keeps nobody from being counted in time', async () => {
    const gate = Promise.withResolvers<{ totalHits: number }>()
    const { bad, good, lookups } = createAttempts({ store: { increment: () => gate.promise } })
    const codes = Array.from({ length: 20 }, () => bad())
    expect(await codes[19]).toBe('too_many_failures')
    expect([await good(), lookups()]).toEqual(['too_many_failures', 5])
    gate.resolve({ totalHits: 1 })
    expect((await Promise.all(codes)).filter((code) => code === 'unauthorized')).toHaveLength(5)
    expect(await good()).toBe('too_many_failures')
  })
})

test('the counts of this process are of so many addresses and no more', () => {
  const store = memoryFailureStore(2)
  store.init({ windowMs: WINDOW_MS } as Parameters<typeof store.init>[0])
  const count = (address: string) => store.increment(address).totalHits
  expect([count('a'), count('b'), count('a'), count('c')]).toEqual([1, 1, 2, 1])
  expect([count('c'), count('b')]).toEqual([2, 2])
  expect(count('a')).toBe(1)
  store.close()
})
