import { beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Bucket } from '../../../app/domain/bucket.ts'
import { type Limit, shapeOf } from '../../../app/domain/limit.ts'
import type { Admission, Reservation } from '../../../app/limits/limiter.ts'
import {
  createMemoryLimiter,
  type MemoryLimiter,
  type MemoryLimiterNeeds,
} from '../../../app/limits/memory-limiter.ts'
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

const start = (needs: Partial<MemoryLimiterNeeds> = {}) => {
  limiter = createMemoryLimiter({ clock, ...needs })
  ask = asking(limiter)
}

beforeEach(() => {
  clock = createClock(AT)
  start()
})

describe('limits in memory', () => {
  test('let in as many at once as fit, however many come together', async () => {
    const asked = Array.from({ length: 100 }, () => ask.admit([requests, tokens]))
    const reservations = (await Promise.all(asked)).filter((reservation) => reservation !== null)
    expect(reservations).toHaveLength(10)
    expect(new Set(reservations.map(({ id }) => id)).size).toBe(10)
    clock.advance(5999)
    expect(await ask.admit([requests])).toBeNull()
    clock.advance(1)
    expect(await ask.admit([requests])).not.toBeNull()
    expect(await ask.admit([requests])).toBeNull()
  })

  test('tell each decision in the order that was asked for, at the time of their clock', async () => {
    clock.advance(1234)
    const { at, states, reservation } = await ask.decided([slots, requests])
    expect(at).toBe(AT + 1234)
    expect(states.map(({ limit }) => limit)).toEqual([slots, requests])
    expect(states.map(({ shape }) => shape)).toEqual([shapeOf(slots), shapeOf(requests)])
    expect(states.map(({ bucket }) => bucket.held)).toEqual([1, 0])
    expect(reservation?.limits).toEqual([slots, requests])
  })

  test('take nothing for a request that is refused, how often it may come', async () => {
    const running = await Promise.all([1, 2, 3].map(() => ask.admitted([slots])))
    for (let i = 0; i < 50; i++) expect(await ask.admit([requests, tokens, slots])).toBeNull()
    limiter.settle(running[0] as Reservation, used())
    const after = await ask.decided([requests, tokens, slots])
    expect(after.states.map(({ bucket }) => bucket)).toEqual([
      claim(requests, 1).bucket,
      claim(tokens, 0, 1).bucket,
      claim(slots, 0, 3).bucket,
    ])
  })

  test('grant what is left of the tokens, and no more until there is more', async () => {
    const wish = (need: number, want: number) => ({ ...needing(), tokens: { need, want } })
    expect((await ask.admit([tokens], wish(100, 500)))?.granted.tokens).toBe(500)
    expect((await ask.admit([tokens], wish(100, 500)))?.granted.tokens).toBe(100)
    expect(await ask.admit([tokens], wish(1, 500))).toBeNull()
  })

  test('keep what holders have apart', async () => {
    for (const holder of ['user:1', 'user:2', 'role:1'])
      for (let i = 0; i < 3; i++) expect(await ask.admit([{ ...slots, holder }])).not.toBeNull()
    expect(await ask.admit([slots])).toBeNull()
  })

  test('hold a request to the amount that counts now, in the bucket there was before', async () => {
    for (let i = 0; i < 6; i++) await ask.admitted([requests])
    expect(await ask.admit([{ ...requests, amount: 6 }])).toBeNull()
    expect(await ask.admit([{ ...requests, amount: 7 }])).not.toBeNull()
    clock.advance(2 * MINUTE_MS - 1)
    expect(await ask.admit([{ ...requests, amount: 1 }])).toBeNull()
    clock.advance(1)
    expect(await ask.admit([{ ...requests, amount: 1 }])).not.toBeNull()
  })

  test('stand still while time goes backwards', async () => {
    for (let i = 0; i < 10; i++) await ask.admitted([requests])
    clock.advance(-MINUTE_MS)
    expect(await ask.admit([requests])).toBeNull()
    clock.advance(MINUTE_MS + 6000)
    expect(await ask.admit([requests])).not.toBeNull()
  })

  test('begin with what was there before, in buckets as large as they are here', async () => {
    const shape = (limit: Limit) => ({ ...shapeOf(limit), capacity: 5 })
    expect([limiter.mode, limiter.owed]).toEqual(['exact', 0])
    start({ mode: 'local', shape, initial: () => claim(requests, 3).bucket })
    expect(limiter.mode).toBe('local')
    expect(await ask.admit([requests])).not.toBeNull()
    expect(await ask.admit([requests])).not.toBeNull()
    const { reservation, states } = await ask.decided([requests])
    expect([reservation, states[0]?.shape.capacity]).toEqual([null, 5])
  })
})

describe('whoever keeps the buckets as well', () => {
  test('is told of each change and of nothing else', async () => {
    const changed: [string, Bucket][] = []
    const onChange = ({ unit }: Limit, bucket: Bucket) => void changed.push([unit, bucket])
    start({ onChange })
    const reservation = await ask.admitted([requests, slots])
    expect(changed.splice(0)).toEqual([
      ['requests', claim(requests, 1).bucket],
      ['concurrent-requests', claim(slots, 0, 1).bucket],
    ])
    expect(await ask.admit([requests, slots], needing({ requests: 10 }))).toBeNull()
    expect(changed).toEqual([])
    limiter.settle(reservation, used())
    expect(changed.splice(0)).toEqual([['concurrent-requests', claim(slots, 0).bucket]])
    limiter.settle(reservation, used())
    expect(changed).toEqual([])
  })

  test('can empty one of what was used, but not of what is held', async () => {
    await ask.admitted([tokens], needing({ tokens: 200 }))
    limiter.settle(await ask.admitted([tokens], needing({ tokens: 300 })), used({ tokens: 300 }))
    limiter.empty(tokens.holder, tokens.bucket)
    limiter.empty('user:9', tokens.bucket)
    expect(await ask.bucketOf(tokens)).toMatchObject({ debt: 0, held: 200 })
  })

  test('can have it take over requests that were let in elsewhere', async () => {
    const reservation = await asking(createMemoryLimiter({ clock })).admitted([slots])
    limiter.adopt(reservation)
    expect((await ask.bucketOf(slots))?.held).toBe(1)
    limiter.settle(reservation, used())
    expect((await ask.bucketOf(slots))?.held).toBe(0)
  })
})

test('whoever comes and goes in whatever order, no more run and no more is used than fits', async () => {
  const event = fc.record({
    settles: fc.boolean(),
    which: fc.nat(20),
    tokens: fc.integer({ min: 1, max: 700 }),
    laterMs: fc.nat(20_000),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 80 }), async (events) => {
      start()
      const running: Reservation[] = []
      let all = 0
      const begin = clock.now()
      for (const { settles, which, tokens: amount, laterMs } of events) {
        clock.advance(laterMs)
        if (settles) {
          const [ended] = running.splice(which % Math.max(1, running.length), 1)
          if (!ended) continue
          const share = Math.min(amount, ended.granted.tokens)
          limiter.settle(ended, used({ tokens: share }))
          all += share
        } else {
          const demands: Admission['demands'] = { ...needing(), tokens: { need: 1, want: amount } }
          const reservation = await ask.admit([tokens, slots], demands)
          if (reservation) running.push(reservation)
        }
        const held = running.reduce((sum, { granted }) => sum + granted.tokens, 0)
        expect(running.length).toBeLessThanOrEqual(3)
        const paidOff = (clock.now() - begin) * 600
        expect((all + held) * MINUTE_MS).toBeLessThanOrEqual(600 * MINUTE_MS + paidOff)
      }
    }),
  )
})
