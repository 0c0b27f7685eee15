import { expect, test } from 'bun:test'
import type { Limit } from '../../../app/domain/limit.ts'
import { createComputeBudget } from '../../../app/limits/compute-budget.ts'
import { demandsOf } from '../../../app/limits/demands.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { createClock } from '../support/clock.ts'
import { limitOf } from './limit-states.ts'

const NOTHING = { requests: 0, tokens: 0, 'concurrent-requests': 0 }

/** A limit of so many seconds of compute per hour, and requests on it. */
function setUp(amount: number, change: Partial<Limit> = {}) {
  const limiter = createMemoryLimiter({ clock: createClock() })
  const limit = limitOf({ unit: 'compute-seconds', amount, ...change })
  let ids = 0
  const newId = () => `id-${++ids}`
  const demands = demandsOf([limit], { promptTokens: 1, predictTokens: 1 })
  const request = async () => {
    const decision = await limiter.admit({ id: newId(), limits: [limit], demands })
    const { reservation } = decision
    if (!reservation) return null
    const budget = createComputeBudget({ limiter, newId }, decision, reservation)
    const end = (ms: number): void => {
      limiter.settle(reservation, { ...NOTHING, 'compute-seconds': ms })
      budget?.release()
    }
    return { budget, end }
  }
  /** Asks for more until no more comes; the time that the request has then, in ms. */
  const exhaust = async (one: Awaited<ReturnType<typeof request>>): Promise<number> => {
    for (let before = -1; one?.budget && before < one.budget.ms; ) {
      before = one.budget.ms
      one.budget.extend()
      await Bun.sleep(0)
    }
    return one?.budget?.ms ?? 0
  }
  return { request, exhaust }
}

test('a request that runs alone can have all the time that a limit leaves', async () => {
  const { request, exhaust } = setUp(100)
  expect(await exhaust(await request())).toBe(100_000)
  expect(await request()).toBeNull()
})

test('requests that run at once have no more than a limit between them', async () => {
  const { request, exhaust } = setUp(100)
  const running = [await request(), await request(), await request()]
  const times: number[] = []
  for (const one of running) times.push(await exhaust(one))
  expect(times).toEqual([40_000, 30_000, 30_000])
})

test('what a request had reserved and did not use is there for others when it has ended', async () => {
  const { request, exhaust } = setUp(100)
  const first = await request()
  await exhaust(first)
  first?.end(20_000)
  expect(await exhaust(await request())).toBe(80_000)
})

test('a slice that comes when the request has ended is given back', async () => {
  const { request, exhaust } = setUp(60)
  const first = await request()
  first?.budget?.extend()
  first?.end(0)
  await Bun.sleep(0)
  expect(await exhaust(await request())).toBe(60_000)
})

test('there is none where no limit on compute time applies, or only a shadow', async () => {
  expect((await setUp(1, { shadow: true }).request())?.budget).toBeNull()
  expect((await setUp(1, { unit: 'requests' }).request())?.budget).toBeNull()
})
