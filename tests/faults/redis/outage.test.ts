import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Limit } from '../../../app/domain/limit.ts'
import type { Reservation } from '../../../app/limits/limiter.ts'
import { redisForTests } from '../../support/servers.ts'
import { limitOn, type Replicas, startReplicas, total } from './replicas.ts'

const available = await redisForTests()

/** What a decision may take, in ms: half of them, and the slowest on a machine that is busy. */
const USUAL_MS = 50
const SLOWEST_MS = 600

interface Fault {
  readonly strike: (replicas: Replicas) => Promise<unknown>
  readonly heal: (replicas: Replicas) => Promise<unknown>
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'is killed': {
    strike: ({ redis }) => redis.stop('crash'),
    heal: ({ redis }) => redis.start(),
  },
  'stands still': {
    strike: ({ pause }) => pause(),
    heal: ({ redis }) => redis.resume(),
  },
  'has no memory left': {
    strike: ({ ask }) => ask('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction'),
    heal: ({ ask }) => ask('CONFIG', 'SET', 'maxmemory', '0'),
  },
  'has become a replica that nobody may write to': {
    strike: ({ ask }) => ask('REPLICAOF', '127.0.0.1', '1'),
    heal: ({ ask }) => ask('REPLICAOF', 'NO', 'ONE'),
  },
}

const daily = limitOn('daily', { amount: 100, window: 'day' })
const scarce = limitOn('scarce', { amount: 2, window: 'day' })
const tokens = limitOn('tokens', { unit: 'tokens', amount: 10_000, window: 'day' })
const compute = limitOn('compute', { unit: 'compute-seconds', amount: 90, window: 'hour' })
const crowded = limitOn('crowded', { unit: 'concurrent-requests', amount: 6, window: 'now' })

describe.skipIf('skip' in available).each(Object.entries(FAULTS))(
  'when Redis %s, three replicas',
  (_, { strike, heal }) => {
    let replicas: Replicas
    /** What each replica admitted of each limit before and since. */
    let before: Record<string, Reservation[][]>
    let since: Record<string, Reservation[][]>
    let took: number[]

    beforeAll(async () => {
      replicas = await startReplicas(3)
      const [first, second] = replicas.all
      if (!first || !second) throw new Error('no replicas')
      before = {
        daily: [await first.admitAll(25, [daily]), await second.admitAll(15, [daily])],
        tokens: [await first.admitAll(4, [tokens], { tokens: 1000 })],
        crowded: [await first.admitAll(3, [crowded]), await second.admitAll(1, [crowded])],
      }
      await first.settle(before.daily?.[0] ?? [])
      await second.settle(before.daily?.[1] ?? [])
      await first.settle(before.tokens?.[0] ?? [], { tokens: 700 })
      await strike(replicas)
      replicas.durations()

      const each = (limit: Limit, amount = 1) =>
        Promise.all(
          replicas.all.map((replica) =>
            replica.admitAll(60, [limit], { tokens: amount, 'compute-seconds': amount }),
          ),
        )
      since = {
        daily: await each(daily),
        scarce: await each(scarce),
        tokens: await each(tokens, 600),
        compute: await each(compute, 7000),
        crowded: await each(crowded),
      }
      took = replicas.durations()
    })
    afterAll(() => replicas[Symbol.asyncDispose]())

    test('decide all the same, each by its share, within 50 ms', () => {
      expect(replicas.all.map(({ limiter }) => limiter.mode)).toEqual(['local', 'local', 'local'])
      expect(took).toHaveLength(5 * 3 * 60)
      const sorted = took.toSorted((a, b) => a - b)
      expect(sorted[sorted.length / 2]).toBeLessThan(USUAL_MS)
      expect(sorted.at(-1)).toBeLessThan(SLOWEST_MS)
    })

    test('admit as much together as was left, also one that has never seen the holder', () => {
      expect(since.daily?.map(({ length }) => length)).toEqual([20, 20, 20])
    })

    test('admit no more than one each where there are fewer than replicas', () => {
      expect(since.scarce?.map(({ length }) => length).toSorted()).toEqual([0, 1, 1])
    })

    test('admit their shares of tokens and of compute time', () => {
      // Of 10,000 tokens 7200 are left: 2400 for each. Of 90 seconds 30 are for each.
      expect(since.tokens?.map(({ length }) => length)).toEqual([4, 4, 4])
      expect(since.compute?.map(({ length }) => length)).toEqual([4, 4, 4])
    })

    test('admit their shares of what may run at a time, less what runs already', () => {
      // Two for each; the first runs one more than that.
      expect(since.crowded?.map(({ length }) => length)).toEqual([0, 1, 2])
    })

    test('are exact again when it is over, and tell it once what they admitted', async () => {
      await heal(replicas)
      await replicas.untilMode('exact')
      expect(await replicas.counted(daily)).toEqual({ used: 100, held: 0 })
      for (const { admit } of replicas.all) {
        expect((await admit([daily])).reservation).toBeNull()
        expect((await admit([scarce])).reservation).toBeNull()
        expect((await admit([crowded])).reservation).toBeNull()
      }
      for (const [i, { settle }] of replicas.all.entries()) {
        await settle(since.daily?.[i] ?? [])
        await settle(since.tokens?.[i] ?? [], { tokens: 500 })
        await settle(before.crowded?.[i] ?? [])
        await settle(since.crowded?.[i] ?? [])
      }
      await Bun.sleep(300)
      expect((await replicas.counted(daily))?.used).toBe(100)
      expect(await replicas.counted(tokens)).toEqual({ used: 4 * 700 + 12 * 500, held: 0 })
      expect((await replicas.counted(crowded))?.held).toBe(0)
      expect(total(before.daily ?? []) + total(since.daily ?? [])).toBe(100)
    })

    test('say once that it went, and once that it is back', () => {
      for (const { log } of replicas.all) {
        const told = log.entries.filter(({ level }) => level !== 'debug')
        expect(told.map(({ level, message }) => `${level} ${message}`)).toEqual([
          'warn Redis is gone: limits are held locally',
          'info Redis is back: limits are exact again',
        ])
      }
    })
  },
)
