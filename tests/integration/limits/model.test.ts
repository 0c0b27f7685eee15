import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomInt, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { redisForTests } from '../../support/servers.ts'
import { connectPinned, type PinnedRedis } from './pinned-redis.ts'
import { createSideBySide } from './side-by-side.ts'
import { calmStep, roughStep, type Step } from './steps.ts'
import type { Tally } from './tally.ts'

/** Told with every difference, so that it can be found again. */
const SEED = Number(process.env.PARALLAMA_TEST_SEED ?? randomInt(2 ** 31))
/** So many steps are sent before the answers are waited for. */
const AHEAD = 500
const TIMEOUT_MS = 240_000

const server = await redisForTests()

describe.skipIf('skip' in server)(
  'the oracle, the limiter in memory and Redis decide alike',
  () => {
    let redis: PinnedRedis

    beforeAll(async () => {
      if ('skip' in server) return
      redis = await connectPinned(server.url)
    })
    afterAll(() => redis.close())

    /** Takes so many of the steps, not counting those for which there was nothing to do. */
    async function live(steps: Iterable<Step>, isCalm: boolean, count = Infinity): Promise<Tally> {
      const all = createSideBySide(redis, randomUUID(), isCalm)
      try {
        let ahead = 0
        for (const step of steps) {
          await all.take(step)
          if (++ahead % AHEAD === 0) await all.agree()
          if (all.tally.steps === count) break
        }
        await all.agree()
        return all.tally
      } finally {
        await all.end()
      }
    }

    /** One long life with as many steps as are wanted, the same for the same seed. */
    async function liveLong(kind: 'calm' | 'rough', count: number): Promise<Tally> {
      const step = kind === 'calm' ? calmStep : roughStep
      const steps = fc.sample(step, { numRuns: 2 * count, seed: SEED })
      return await live(steps, kind === 'calm', count).catch((err: unknown) => {
        throw new Error(`with PARALLAMA_TEST_SEED=${SEED}: ${err}`, { cause: err })
      })
    }

    test.each([
      ['while nothing fails', calmStep, true],
      ['while processes die and Redis loses things', roughStep, false],
    ] as const)('in many short lives %s', async (_, step, isCalm) => {
      const steps = fc.array(step, { maxLength: 100, size: 'max' })
      const property = fc.asyncProperty(steps, async (some) => void (await live(some, isCalm)))
      await fc.assert(property, { numRuns: 100, seed: SEED })
    })

    test(
      'in 100,000 steps while nothing fails',
      async () => {
        const tally = await liveLong('calm', 100_000)
        expect(tally.steps).toBe(100_000)
        for (const event of ['admitted', 'refused', 'settled'] as const)
          expect([event, tally[event] > 10_000]).toEqual([event, true])
        for (const event of ['narrowed', 'shadowed', 'changed'] as const)
          expect([event, tally[event] > 1000]).toEqual([event, true])
        expect(tally.expired).toBe(0)
      },
      TIMEOUT_MS,
    )

    test(
      'in 50,000 steps while processes die and Redis loses things',
      async () => {
        const tally = await liveLong('rough', 50_000)
        expect(tally.steps).toBe(50_000)
        for (const event of ['admitted', 'refused', 'settled'] as const)
          expect([event, tally[event] > 5000]).toEqual([event, true])
        for (const event of ['settled late', 'expired', 'rebuilt', 'changed'] as const)
          expect([event, tally[event] > 500]).toEqual([event, true])
        for (const event of ['taken up again', 'expired in part'] as const)
          expect([event, tally[event] > 5]).toEqual([event, true])
      },
      TIMEOUT_MS,
    )
  },
)
