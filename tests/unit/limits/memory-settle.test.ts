import { beforeEach, describe, expect, test } from 'bun:test'
import { NOTHING } from '../../../app/domain/limit.ts'
import { createMemoryLimiter, type MemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { createClock } from '../support/clock.ts'
import { asking, used } from './asking.ts'
import { AT, claim, limitOf, needing } from './limit-states.ts'

const MINUTE_MS = 60_000

const requests = limitOf({ amount: 10, window: 'minute' })
const tokens = limitOf({ unit: 'tokens', amount: 600, window: 'minute' })
const slots = limitOf({ unit: 'concurrent-requests', amount: 3, window: 'now' })

let clock: ReturnType<typeof createClock>
let limiter: MemoryLimiter
let ask: ReturnType<typeof asking>

beforeEach(() => {
  clock = createClock(AT)
  limiter = createMemoryLimiter({ clock })
  ask = asking(limiter)
})

describe('when a request ends', () => {
  const wants = needing({ tokens: 400 })

  test.each([
    ['nothing', 0, 600],
    ['less than was reserved', 100, 500],
    ['all of it', 400, 200],
    ['more', 550, 50],
    ['more than there was', 900, 0],
  ])('%s having been used, that stays charged and the rest is free', async (_, amount, room) => {
    limiter.settle(await ask.admitted([tokens], wants), used({ tokens: amount }))
    const bucket = await ask.bucketOf(tokens)
    expect(bucket).toEqual(claim(tokens, amount).bucket)
    if (room > 0) expect(await ask.admit([tokens], needing({ tokens: room }))).not.toBeNull()
    expect(await ask.admit([tokens], needing({ tokens: 1 }))).toBeNull()
  })

  test('a second time changes nothing, whatever is said to have been used', async () => {
    const reservation = await ask.admitted([requests, tokens, slots], wants)
    await ask.admitted([requests, tokens, slots], needing({ tokens: 7 }))
    limiter.settle(reservation, used({ tokens: 30 }))
    const before = [
      await ask.bucketOf(tokens),
      await ask.bucketOf(slots),
      await ask.bucketOf(requests),
    ]
    limiter.settle(reservation, used({ tokens: 30 }))
    limiter.settle({ ...reservation }, used({ tokens: 500, requests: 0 }))
    expect([
      await ask.bucketOf(tokens),
      await ask.bucketOf(slots),
      await ask.bucketOf(requests),
    ]).toEqual(before)
    expect(before[0]).toEqual(claim(tokens, 30, 7).bucket)
  })

  test('that was never let in here, nothing changes', async () => {
    const reservation = await asking(createMemoryLimiter({ clock })).admitted([tokens], wants)
    limiter.settle(reservation, used({ tokens: 100 }))
    expect((await ask.bucketOf(tokens))?.debt).toBe(0)
  })

  test('having done nothing, it is given back as a request', async () => {
    const reservation = await ask.admitted([requests])
    limiter.settle(reservation, NOTHING)
    expect((await ask.bucketOf(requests))?.debt).toBe(0)
  })

  test('late, what it held was held to the end, and what it used counts from then', async () => {
    const reservation = await ask.admitted([tokens, slots], wants)
    clock.advance(10 * MINUTE_MS)
    expect(await ask.bucketOf(tokens)).toMatchObject({ debt: 0, held: 400 })
    limiter.settle(reservation, used({ tokens: 400 }))
    expect(await ask.bucketOf(tokens)).toMatchObject({ debt: 400 * MINUTE_MS, held: 0 })
    expect((await ask.bucketOf(slots))?.held).toBe(0)
  })

  test('nothing is charged to a shadow that it did not fit into', async () => {
    const shadow = limitOf({ unit: 'tokens', amount: 100, window: 'minute', shadow: true })
    const reservation = await ask.admitted([tokens, shadow], wants)
    expect(reservation.limits).toEqual([tokens])
    limiter.settle(reservation, used({ tokens: 300 }))
    expect(await ask.bucketOf(shadow)).toMatchObject({ debt: 0, held: 0, refusals: 1 })
  })
})
