import { beforeEach, describe, expect, test } from 'bun:test'
import { type Bucket, charged, drained, EMPTY, holding } from '../../../app/domain/bucket.ts'
import { type Limit, shapeOf } from '../../../app/domain/limit.ts'
import type { Reservation } from '../../../app/limits/limiter.ts'
import {
  createLocalLimiter,
  type LocalLimiter,
  type LocalLimiterNeeds,
} from '../../../app/limits/local-limiter.ts'
import { createClock } from '../support/clock.ts'
import { used } from './asking.ts'
import { AT, limitOf, needing } from './limit-states.ts'

const LEDGER_MS = 10

const daily = limitOf({ amount: 20, window: 'day' })
const tokens = limitOf({ unit: 'tokens', amount: 1000, window: 'day' })
const slots = limitOf({ unit: 'concurrent-requests', amount: 4, window: 'now' })

/** So much of it was used and is held, as one of the two that know says. */
const bucket = (limit: Limit, used: number, held = 0): Bucket => {
  const shape = shapeOf(limit)
  return holding(charged(drained(EMPTY, shape, AT), shape, used), held)
}

let clock: ReturnType<typeof createClock>
let seen: Map<Limit, Bucket>
/** What the ledger says of each limit, or how it fails to. */
let ledger: (limits: readonly Limit[]) => Promise<readonly [Limit, Bucket][]>
let asked: number
let ids = 0

beforeEach(() => {
  clock = createClock(AT)
  seen = new Map()
  ledger = async () => []
  asked = 0
})

const start = (needs: Partial<LocalLimiterNeeds> = {}): LocalLimiter =>
  createLocalLimiter({
    place: { rank: 0, count: 2 },
    lastSeen: (limit) => seen.get(limit),
    rebuild: async (_, limits) => {
      asked++
      const told = await ledger(limits)
      return told.map(([{ bucket }, state]) => ({ bucket, state }))
    },
    clock,
    running: [],
    ...needs,
  })

async function admitted(
  local: LocalLimiter,
  limits: readonly Limit[],
  demands = needing(),
): Promise<Reservation[]> {
  const all: Reservation[] = []
  for (;;) {
    const admission = { id: `${ids++}`, limits, demands }
    const { reservation } = await local.admit(admission, LEDGER_MS)
    if (!reservation) return all
    all.push(reservation)
  }
}

const never = () => new Promise<never>(() => {})

describe('a replica on its own', () => {
  test('has its share of what was left by the worse of Redis and the ledger', async () => {
    seen.set(daily, bucket(daily, 6))
    ledger = async () => [[daily, bucket(daily, 12)]]
    expect(await admitted(start(), [daily])).toHaveLength(4)
    ledger = async () => [[daily, bucket(daily, 2)]]
    expect(await admitted(start(), [daily])).toHaveLength(7)
  })

  test('counts what requests elsewhere hold', async () => {
    seen.set(tokens, bucket(tokens, 100, 300))
    ledger = async () => [[tokens, bucket(tokens, 200)]]
    expect(await admitted(start(), [tokens], needing({ tokens: 50 }))).toHaveLength(5)
  })

  test('asks the ledger once for a holder, however many ask at once', async () => {
    ledger = async () => [[daily, bucket(daily, 10)]]
    const local = start()
    const decisions = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        local.admit({ id: `together-${i}`, limits: [daily], demands: needing() }, LEDGER_MS),
      ),
    )
    expect(decisions.filter(({ reservation }) => reservation)).toHaveLength(5)
    expect(asked).toBe(1)
  })

  test('goes by what Redis said when the ledger is late, or fails', async () => {
    seen.set(daily, bucket(daily, 10))
    ledger = never
    expect(await admitted(start(), [daily])).toHaveLength(5)
    ledger = () => Promise.reject(new Error('the database is gone'))
    expect(await admitted(start(), [daily])).toHaveLength(5)
  })

  test('waits for the ledger when Redis has said nothing', async () => {
    ledger = async () => {
      await Bun.sleep(5 * LEDGER_MS)
      return [[daily, bucket(daily, 16)]]
    }
    expect(await admitted(start(), [daily])).toHaveLength(2)
  })

  test('admits nothing of which nobody knows what was used, and asks again', async () => {
    const local = start()
    ledger = () => Promise.reject(new Error('the database is gone'))
    const both = () => Promise.allSettled([admitted(local, [daily]), admitted(local, [daily])])
    for (const { status } of await both()) expect(status).toBe('rejected')
    ledger = async () => [[daily, bucket(daily, 16)]]
    expect(await admitted(local, [daily])).toHaveLength(2)
  })

  test('needs no ledger for what is over soon, nor for what is only watched', async () => {
    ledger = () => Promise.reject(new Error('the database is gone'))
    const soon = limitOf({ amount: 8, window: 'minute' })
    const watched = limitOf({ amount: 2, window: 'day', shadow: true })
    expect(await admitted(start(), [soon, slots, watched])).toHaveLength(2)
  })

  test('lets run its share, in which its own that run already count', async () => {
    const running = [{ id: 'old', granted: used({ 'concurrent-requests': 1 }), limits: [slots] }]
    const local = start({ running })
    expect(await admitted(local, [slots])).toHaveLength(1)
    for (const reservation of running) local.settle(reservation, used(), { isOwn: false })
    expect(await admitted(local, [slots])).toHaveLength(1)
  })

  test('gives back what others have admitted only where it counted it', async () => {
    const granted = used({ tokens: 400, 'concurrent-requests': 1 })
    const old = { id: 'old', granted, limits: [tokens, slots] }
    const local = start({ running: [old] })
    const [own] = await admitted(local, [tokens], needing({ tokens: 300 }))
    local.settle(old, used({ tokens: 400 }), { isOwn: false })
    // Of its 500 tokens 300 are held by its own.
    expect(await admitted(local, [tokens], needing({ tokens: 100 }))).toHaveLength(2)
    if (own) local.settle(own, used({ tokens: 200 }), { isOwn: true })
    expect(await admitted(local, [tokens], needing({ tokens: 100 }))).toHaveLength(1)
  })

  test('lets who asks for more than its share make do with that', async () => {
    const demands = { ...needing(), tokens: { need: 700, want: 900 } }
    const [first, ...others] = await admitted(start(), [tokens], demands)
    expect([first?.granted.tokens, others]).toEqual([500, []])
  })

  test('admits nothing where its share is nothing', async () => {
    const one = limitOf({ amount: 1, window: 'day' })
    ledger = async () => []
    expect(await admitted(start({ place: { rank: 1, count: 2 } }), [one])).toBeEmpty()
    expect(await admitted(start({ place: { rank: 0, count: 2 } }), [one])).toHaveLength(1)
  })

  test('refills at the rate of its share', async () => {
    const local = start()
    expect(await admitted(local, [daily])).toHaveLength(10)
    clock.advance(2.4 * 3_600_000)
    expect(await admitted(local, [daily])).toHaveLength(1)
  })
})
