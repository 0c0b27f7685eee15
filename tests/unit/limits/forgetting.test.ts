import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Bucket, drained, EMPTY } from '../../../app/domain/bucket.ts'
import { type Limit, NOTHING, shapeOf } from '../../../app/domain/limit.ts'
import { decide } from '../../../app/limits/decide.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { createClock } from '../support/clock.ts'
import { ask } from './bucket-table.ts'
import { AT, limitOf, needing } from './limit-states.ts'

const DAY_MS = 86_400_000

const perMinute = (holder: string): Limit => ({
  ...limitOf({ window: 'minute', amount: 10 }),
  holder,
})

describe('buckets in memory', () => {
  test('are as many as are in use, and not as many as ever were', async () => {
    const clock = createClock(AT)
    const limiter = createMemoryLimiter({ clock })
    let most = 0
    for (let user = 0; user < 100_000; user++) {
      expect(await ask(limiter, perMinute(`user:${user}`))).not.toBeNull()
      clock.advance(1)
      most = Math.max(most, limiter.size)
    }
    // Each is in use for 6 s, which is 6000 of them at a time.
    expect(most).toBeGreaterThan(6000)
    expect(most).toBeLessThan(12_000)
  })

  test('are forgotten at once when nothing was used', async () => {
    const limiter = createMemoryLimiter({ clock: createClock(AT) })
    for (let user = 0; user < 1000; user++) {
      const reservation = await ask(limiter, perMinute(`user:${user}`))
      if (reservation) limiter.settle(reservation, NOTHING)
    }
    expect(limiter.size).toBeLessThan(10)
  })

  test('are kept as long as a running request holds something of them', async () => {
    const clock = createClock(AT)
    const limiter = createMemoryLimiter({ clock })
    const slots = limitOf({ unit: 'concurrent-requests', window: 'now', amount: 1 })
    expect(await ask(limiter, slots)).not.toBeNull()
    clock.advance(30 * DAY_MS)
    for (let user = 0; user < 100; user++) await ask(limiter, perMinute(`user:${user}`))
    expect(await ask(limiter, slots)).toBeNull()
  })

  test('are kept two days for the refusals of a shadow', async () => {
    const clock = createClock(AT)
    const forgotten: string[] = []
    const limiter = createMemoryLimiter({
      clock,
      onForget: ({ holder, shadow }) => void (shadow && forgotten.push(holder)),
    })
    const shadow = limitOf({ window: 'minute', amount: 1, shadow: true })
    await ask(limiter, shadow)
    await ask(limiter, shadow)
    clock.advance(2 * DAY_MS)
    for (let user = 0; user < 10; user++) await ask(limiter, perMinute(`user:${user}`))
    expect(forgotten).toEqual([])
    clock.advance(1)
    for (let user = 0; user < 10; user++) await ask(limiter, perMinute(`user:${user}`))
    expect(forgotten).toEqual(['user:1'])
  })

  test('are forgotten only when they are as good as new', async () => {
    const use = fc.record({
      user: fc.nat(5),
      tokens: fc.nat(12),
      used: fc.nat(30),
      laterMs: fc.nat(40_000),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(use, { maxLength: 60 }), async (uses) => {
        const clock = createClock(AT)
        const limiter = createMemoryLimiter({ clock })
        const ever = new Map<string, Bucket>()
        for (const { user, tokens, used, laterMs } of uses) {
          clock.advance(laterMs)
          const limit = { ...perMinute(`user:${user}`), unit: 'tokens' as const }
          const bucket = ever.get(limit.holder) ?? EMPTY
          const demands = needing({ tokens })
          const claim = { limit, shape: shapeOf(limit), bucket }
          const { granted } = decide([claim], demands, clock.now())
          const reservation = await ask(limiter, limit, tokens)
          expect(reservation === null).toBe(granted === null)
          if (!reservation) continue
          limiter.settle(reservation, { ...NOTHING, tokens: used })
          const { debt, tick } = drained(bucket, claim.shape, clock.now())
          ever.set(limit.holder, { ...EMPTY, tick, debt: debt + used * claim.shape.ticks })
        }
      }),
    )
  })
})
