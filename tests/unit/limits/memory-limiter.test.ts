import { beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Bucket } from '../../../app/domain/bucket.ts'
import { type Amounts, type Limit, NOTHING, shapeOf } from '../../../app/domain/limit.ts'
import type { Admission, Limiter, Reservation } from '../../../app/limits/limiter.ts'
import {
  createMemoryLimiter,
  type MemoryLimiter,
  type MemoryLimiterNeeds,
} from '../../../app/limits/memory-limiter.ts'
import { createClock } from '../support/clock.ts'
import { AT, claim, limitOf, needing } from './limit-states.ts'

const MINUTE_MS = 60_000

const requests = limitOf({ amount: 10, window: 'minute' })
const tokens = limitOf({ unit: 'tokens', amount: 600, window: 'minute' })
const slots = limitOf({ unit: 'concurrent-requests', amount: 3, window: 'now' })

let clock: ReturnType<typeof createClock>
let limiter: MemoryLimiter
let ids = 0

const open = (needs: Partial<MemoryLimiterNeeds> = {}): MemoryLimiter =>
  createMemoryLimiter({ clock, ...needs })
const decided = (limits: readonly Limit[], demands = needing(), by: Limiter = limiter) =>
  by.admit({ id: `${ids++}`, limits, demands })
const admit = async (...args: Parameters<typeof decided>): Promise<Reservation | null> =>
  (await decided(...args)).reservation

async function admitted(...args: Parameters<typeof decided>): Promise<Reservation> {
  const reservation = await admit(...args)
  if (!reservation) throw new Error('refused')
  return reservation
}

/** What is in a bucket now. Asks with a request that is refused by a limit of its own. */
async function bucketOf(limit: Limit): Promise<Bucket | undefined> {
  const never = limitOf({ amount: 1, model: 'never' })
  const { reservation, states } = await decided([limit, never], needing({ requests: 2, tokens: 0 }))
  expect(reservation).toBeNull()
  return states[0]?.bucket
}

const used = (change: Partial<Amounts> = {}): Amounts => ({ ...NOTHING, requests: 1, ...change })

beforeEach(() => {
  clock = createClock(AT)
  limiter = open()
})

describe('limits in memory', () => {
  test('let in as many at once as fit, however many come together', async () => {
    const asked = Array.from({ length: 100 }, () => admit([requests, tokens]))
    const reservations = (await Promise.all(asked)).filter((reservation) => reservation !== null)
    expect(reservations).toHaveLength(10)
    expect(new Set(reservations.map(({ id }) => id)).size).toBe(10)
    clock.advance(5999)
    expect(await admit([requests])).toBeNull()
    clock.advance(1)
    expect(await admit([requests])).not.toBeNull()
    expect(await admit([requests])).toBeNull()
  })

  test('tell each decision in the order that was asked for, at the time of their clock', async () => {
    clock.advance(1234)
    const { at, states, reservation } = await decided([slots, requests])
    expect(at).toBe(AT + 1234)
    expect(states.map(({ limit }) => limit)).toEqual([slots, requests])
    expect(states.map(({ shape }) => shape)).toEqual([shapeOf(slots), shapeOf(requests)])
    expect(states.map(({ bucket }) => bucket.held)).toEqual([1, 0])
    expect(reservation?.limits).toEqual([slots, requests])
  })

  test('take nothing for a request that is refused, how often it may come', async () => {
    const running = await Promise.all([1, 2, 3].map(() => admitted([slots])))
    for (let i = 0; i < 50; i++) expect(await admit([requests, tokens, slots])).toBeNull()
    limiter.settle(running[0] as Reservation, used())
    const after = await decided([requests, tokens, slots])
    expect(after.states.map(({ bucket }) => bucket)).toEqual([
      claim(requests, 1).bucket,
      claim(tokens, 0, 1).bucket,
      claim(slots, 0, 3).bucket,
    ])
  })

  test('grant what is left of the tokens, and no more until there is more', async () => {
    const wish = (need: number, want: number) => ({ ...needing(), tokens: { need, want } })
    expect((await admit([tokens], wish(100, 500)))?.granted.tokens).toBe(500)
    expect((await admit([tokens], wish(100, 500)))?.granted.tokens).toBe(100)
    expect(await admit([tokens], wish(1, 500))).toBeNull()
  })

  test('keep what holders have apart', async () => {
    for (const holder of ['user:1', 'user:2', 'role:1'])
      for (let i = 0; i < 3; i++) expect(await admit([{ ...slots, holder }])).not.toBeNull()
    expect(await admit([slots])).toBeNull()
  })

  test('hold a request to the amount that counts now, in the bucket there was before', async () => {
    for (let i = 0; i < 6; i++) await admitted([requests])
    expect(await admit([{ ...requests, amount: 6 }])).toBeNull()
    expect(await admit([{ ...requests, amount: 7 }])).not.toBeNull()
    clock.advance(MINUTE_MS)
    expect(await admit([{ ...requests, amount: 1 }])).not.toBeNull()
  })

  test('stand still while time goes backwards', async () => {
    for (let i = 0; i < 10; i++) await admitted([requests])
    clock.advance(-MINUTE_MS)
    expect(await admit([requests])).toBeNull()
    clock.advance(MINUTE_MS + 6000)
    expect(await admit([requests])).not.toBeNull()
  })

  test('begin with what was there before, in buckets as large as they are here', async () => {
    const shape = (limit: Limit) => ({ ...shapeOf(limit), capacity: 5 })
    const share = open({ mode: 'local', shape, initial: () => claim(requests, 3).bucket })
    expect([share.mode, limiter.mode, limiter.owed]).toEqual(['local', 'exact', 0])
    expect(await admit([requests], needing(), share)).not.toBeNull()
    expect(await admit([requests], needing(), share)).not.toBeNull()
    const { reservation, states } = await decided([requests], needing(), share)
    expect([reservation, states[0]?.shape.capacity]).toEqual([null, 5])
  })
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
    limiter.settle(await admitted([tokens], wants), used({ tokens: amount }))
    const bucket = await bucketOf(tokens)
    expect(bucket).toEqual(claim(tokens, amount).bucket)
    if (room > 0) expect(await admit([tokens], needing({ tokens: room }))).not.toBeNull()
    expect(await admit([tokens], needing({ tokens: 1 }))).toBeNull()
  })

  test('a second time changes nothing, whatever is said to have been used', async () => {
    const reservation = await admitted([requests, tokens, slots], wants)
    await admitted([requests, tokens, slots], needing({ tokens: 7 }))
    limiter.settle(reservation, used({ tokens: 30 }))
    const before = [await bucketOf(tokens), await bucketOf(slots), await bucketOf(requests)]
    limiter.settle(reservation, used({ tokens: 30 }))
    limiter.settle({ ...reservation }, used({ tokens: 500, requests: 0 }))
    expect([await bucketOf(tokens), await bucketOf(slots), await bucketOf(requests)]).toEqual(
      before,
    )
    expect(before[0]).toEqual(claim(tokens, 30, 7).bucket)
  })

  test('that was never let in here, nothing changes', async () => {
    const reservation = await admitted([tokens], wants, open())
    limiter.settle(reservation, used({ tokens: 100 }))
    expect((await bucketOf(tokens))?.debt).toBe(0)
  })

  test('having done nothing, it is given back as a request', async () => {
    const reservation = await admitted([requests])
    limiter.settle(reservation, NOTHING)
    expect((await bucketOf(requests))?.debt).toBe(0)
  })

  test('late, what it held was held to the end, and what it used counts from then', async () => {
    const reservation = await admitted([tokens, slots], wants)
    clock.advance(10 * MINUTE_MS)
    expect(await bucketOf(tokens)).toMatchObject({ debt: 0, held: 400 })
    limiter.settle(reservation, used({ tokens: 400 }))
    expect(await bucketOf(tokens)).toMatchObject({ debt: 400 * MINUTE_MS, held: 0 })
    expect((await bucketOf(slots))?.held).toBe(0)
  })

  test('nothing is charged to a shadow that it did not fit into', async () => {
    const shadow = limitOf({ unit: 'tokens', amount: 100, window: 'minute', shadow: true })
    const reservation = await admitted([tokens, shadow], wants)
    expect(reservation.limits).toEqual([tokens])
    limiter.settle(reservation, used({ tokens: 300 }))
    expect(await bucketOf(shadow)).toMatchObject({ debt: 0, held: 0, refusals: 1 })
  })
})

describe('whoever keeps the buckets as well', () => {
  test('is told of each change and of nothing else', async () => {
    const changed: [string, Bucket][] = []
    const onChange = ({ unit }: Limit, bucket: Bucket) => void changed.push([unit, bucket])
    limiter = open({ onChange })
    const reservation = await admitted([requests, slots])
    expect(changed.splice(0)).toEqual([
      ['requests', claim(requests, 1).bucket],
      ['concurrent-requests', claim(slots, 0, 1).bucket],
    ])
    expect(await admit([requests, slots], needing({ requests: 10 }))).toBeNull()
    expect(changed).toEqual([])
    limiter.settle(reservation, used())
    expect(changed.splice(0)).toEqual([['concurrent-requests', claim(slots, 0).bucket]])
    limiter.settle(reservation, used())
    expect(changed).toEqual([])
  })

  test('can empty one of what was used, but not of what is held', async () => {
    await admitted([tokens], needing({ tokens: 200 }))
    limiter.settle(await admitted([tokens], needing({ tokens: 300 })), used({ tokens: 300 }))
    limiter.empty(tokens.holder, tokens.bucket)
    limiter.empty('user:9', tokens.bucket)
    expect(await bucketOf(tokens)).toMatchObject({ debt: 0, held: 200 })
  })

  test('can have it take over requests that were let in elsewhere', async () => {
    const reservation = await admitted([slots], needing(), open())
    limiter.adopt(reservation)
    expect((await bucketOf(slots))?.held).toBe(1)
    limiter.settle(reservation, used())
    expect((await bucketOf(slots))?.held).toBe(0)
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
      const own = open()
      const running: Reservation[] = []
      let all = 0
      const start = clock.now()
      for (const { settles, which, tokens: amount, laterMs } of events) {
        clock.advance(laterMs)
        if (settles) {
          const [ended] = running.splice(which % Math.max(1, running.length), 1)
          if (!ended) continue
          const share = Math.min(amount, ended.granted.tokens)
          own.settle(ended, used({ tokens: share }))
          all += share
        } else {
          const demands: Admission['demands'] = { ...needing(), tokens: { need: 1, want: amount } }
          const reservation = await admit([tokens, slots], demands, own)
          if (reservation) running.push(reservation)
        }
        const held = running.reduce((sum, { granted }) => sum + granted.tokens, 0)
        expect(running.length).toBeLessThanOrEqual(3)
        expect(all + held).toBeLessThanOrEqual(600 + ((clock.now() - start) * 600) / MINUTE_MS)
      }
    }),
  )
})
