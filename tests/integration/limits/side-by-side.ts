import { type Bucket, charged, drained, EMPTY } from '../../../app/domain/bucket.ts'
import { type Amounts, type Limit, shapeOf } from '../../../app/domain/limit.ts'
import type { Admission, Reservation } from '../../../app/limits/limiter.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { createRedisLimiter, LEASE_MS } from '../../../app/limits/redis-limiter.ts'
import { createComparison } from './comparison.ts'
import * as oracle from './oracle.ts'
import type { PinnedRedis } from './pinned-redis.ts'
import { limitsOf, withAmount } from './some-limits.ts'
import type { Step } from './steps.ts'
import { hasLost, newTally, noteDecision, type Tally } from './tally.ts'
import { finished, nameOf, told } from './telling.ts'
import { found, holdersOf, holdsOf, type World, withoutBuckets, written } from './world.ts'

export interface SideBySide {
  /** Takes a step everywhere. Redis is asked at once; what it answers is compared when it comes. */
  take(step: Step): Promise<void>
  /** Waits for Redis. Throws the first difference to the oracle, of Redis or of memory. */
  agree(): Promise<void>
  readonly tally: Readonly<Tally>
  /** Removes everything from Redis. */
  end(): Promise<unknown>
}

type Taking = { readonly [D in Step['does']]: (step: StepThat<D>) => boolean | Promise<boolean> }
type StepThat<D extends Step['does']> = Extract<Step, { does: D }>

const START_US = 1_800_000_000_123_456
const MOST_ENDED = 50

/**
 * The oracle, Redis with the scripts and, in calm, the limiter in memory. In calm all running requests
 * are kept, so that what they hold never expires: memory knows of no expiry.
 */
export function createSideBySide(redis: PinnedRedis, run: string, isCalm: boolean): SideBySide {
  const tally = newTally()
  const comparison = createComparison()
  const inMemory = new Map<string, Bucket>()
  const usedBefore = new Map<string, number>()
  const running: Reservation[] = []
  const ended: Reservation[] = []
  let limits = limitsOf(run)
  let world: World = new Map()
  let nowUs = START_US
  let ids = 0

  const at = (): number => Math.floor(nowUs / 1000)
  /** What the ledger would say: that so much was used a moment ago. */
  const ledger = (limit: Limit): Bucket => {
    const [shape, part] = [shapeOf(limit), usedBefore.get(limit.holder) ?? 0]
    return charged(drained(EMPTY, shape, at()), shape, Math.floor(part * shape.capacity))
  }
  const scripts = createRedisLimiter({
    link: redis.link,
    rebuild: async (_, of) => of.map((limit) => ({ bucket: limit.bucket, state: ledger(limit) })),
  })
  const memory = createMemoryLimiter({
    clock: { now: at },
    initial: (limit) => inMemory.get(nameOf(limit)) ?? EMPTY,
    onChange: (limit, bucket) => void inMemory.set(nameOf(limit), bucket),
  })

  const compareBuckets = (of: readonly Limit[]): void => {
    for (const holder of holdersOf(of))
      comparison.later(`${holder} in Redis`, redis.written(holder), written(world, holder))
    if (!isCalm) return
    for (const limit of of) {
      const bucket = inMemory.get(nameOf(limit)) ?? EMPTY
      comparison.same(`${nameOf(limit)} in memory`, bucket, found(world, limit) ?? EMPTY)
    }
  }

  function expire(asked: readonly Limit[]): void {
    const before = world
    world = oracle.withoutExpired(world, asked, at())
    if (world === before) return
    tally.expired++
    const isExpired = ({ untilMs }: { untilMs: number }): boolean => untilMs <= at()
    if (holdersOf(asked).some((holder) => [...holdsOf(world, holder).values()].some(isExpired)))
      tally['expired in part']++
  }

  async function settle(one: Reservation, used: Amounts, isRetry: boolean): Promise<boolean> {
    const charges = { ...used, requests: used.requests - 1 }
    const lost = oracle.missing(world, oracle.settleable(world, one, isRetry))
    world = oracle.settled(world, one, charges, { at: at(), isRetry })
    world = oracle.rebuilt(world, lost, ledger, at())
    const answer = scripts.settle(one, charges, { isRetry })
    comparison.later('settled', answer, undefined)
    if (lost.length > 0) await finished(answer)
    if (isCalm) memory.settle(one, used)
    compareBuckets(one.limits)
    return true
  }

  async function keep(reservations: readonly Reservation[]): Promise<boolean> {
    const lost = oracle.unkeepable(world, reservations)
    const limits = lost.flatMap((one) => one.limits)
    const untilMs = at() + LEASE_MS
    world = oracle.kept(world, reservations, untilMs)
    world = oracle.kept(oracle.rebuilt(world, limits, ledger, at()), lost, untilMs)
    const answer = scripts.keep(reservations)
    const ids = lost.map(({ id }) => id)
    comparison.later('kept', answer, ids, (some) => [...new Set(some.map(({ id }) => id))])
    if (lost.length > 0) {
      await finished(answer)
      comparison.later('kept again', scripts.keep(lost), [], (some) => some)
    }
    compareBuckets(reservations.flatMap((reservation) => reservation.limits))
    return reservations.length > 0
  }

  async function admit(asked: readonly Limit[], demands: Admission['demands']): Promise<void> {
    const admission = { id: `${run}-${ids++}`, limits: asked, demands }
    expire(asked)
    const lost = oracle.missing(world, asked)
    for (const limit of lost) inMemory.set(nameOf(limit), ledger(limit))
    world = oracle.rebuilt(world, lost, ledger, at())
    if (lost.length > 0) expire(asked)
    const judgement = oracle.admitted(world, admission, at(), at() + LEASE_MS)
    world = judgement.world
    noteDecision(tally, judgement, demands)

    const answer = scripts.admit(admission)
    comparison.later('decision of Redis', answer, told(judgement), told)
    if (isCalm) comparison.same('decision', told(await memory.admit(admission)), told(judgement))
    if (judgement.reservation) running.push(judgement.reservation)
    if (lost.length > 0) {
      tally.rebuilt++
      await finished(answer)
    }
    compareBuckets(asked)
  }

  const taking: Taking = {
    async admit({ which, demands, times }) {
      const asked = which.flatMap((i) => limits[i] ?? [])
      for (let i = 0; i < times; i++) await admit(asked, demands)
      return times > 0
    },

    async settle({ which, used, isRetry }) {
      const [reservation] = running.splice(which % Math.max(1, running.length), 1)
      if (!reservation) return false
      tally.settled++
      if (hasLost(world, reservation)) tally['settled late']++
      ended.push(reservation)
      if (ended.length > MOST_ENDED) ended.shift()
      return await settle(reservation, used, isRetry)
    },

    async 'settle again'({ which, used }) {
      const reservation = ended[which % ended.length]
      return reservation ? await settle(reservation, used, true) : false
    },

    async wait({ us }) {
      nowUs += us
      redis.setTime(nowUs)
      if (isCalm) await keep(running)
      return true
    },

    change({ which, part }) {
      tally.changed++
      const changed = which % limits.length
      limits = limits.map((limit, i) => (i === changed ? withAmount(limit, part) : limit))
      return true
    },

    async keep({ which }) {
      const some = [...new Set(which.flatMap((i) => running[i % running.length] ?? []))]
      tally['taken up again'] += some.filter((one) => hasLost(world, one)).length
      return await keep(some)
    },

    die: ({ which }) => running.splice(which % Math.max(1, running.length)).length > 0,

    lose({ which, part, holdsToo }) {
      const holders = holdersOf(limits)
      const loser = holders[which % holders.length] ?? ''
      usedBefore.set(loser, part)
      world = withoutBuckets(world, loser, holdsToo)
      comparison.later('lost', redis.lose([loser], holdsToo), true, () => true)
      return true
    },
  }

  redis.setTime(nowUs)
  return {
    async take(step) {
      comparison.nextStep()
      const act = taking[step.does] as (step: Step) => boolean | Promise<boolean>
      if (await act(step)) tally.steps++
    },
    agree: comparison.agree,
    tally,
    end: () => redis.lose(holdersOf(limits), true),
  }
}
