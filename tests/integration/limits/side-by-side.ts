import { isDeepStrictEqual } from 'node:util'
import { type Bucket, charged, drained, EMPTY } from '../../../app/domain/bucket.ts'
import { type Amounts, type Limit, shapeOf, UNITS } from '../../../app/domain/limit.ts'
import type { Decision, Reservation } from '../../../app/limits/limiter.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { createRedisLimiter, LEASE_MS } from '../../../app/limits/redis-limiter.ts'
import {
  admitted,
  found,
  holdersOf,
  type Judgement,
  kept,
  missing,
  rebuilt,
  settled,
  unkeepable,
  type World,
  withoutExpired,
  written,
} from './oracle.ts'
import type { PinnedRedis } from './pinned-redis.ts'
import { amountFor, limitsOf, type Step } from './steps.ts'

/** What has happened so far, so that a test can tell that it has seen enough. */
export const NOTHING_SEEN = {
  steps: 0,
  admitted: 0,
  refused: 0,
  narrowed: 0,
  shadowed: 0,
  settled: 0,
  settledLate: 0,
  expired: 0,
  takenUpAgain: 0,
  rebuilt: 0,
}

export interface SideBySide {
  /** Takes a step everywhere. Redis is asked at once; what it answers is compared when it comes. */
  take(step: Step): Promise<void>
  /** Waits for the answers of Redis. Throws the first difference, of those in memory as well. */
  agree(): Promise<void>
  readonly seen: typeof NOTHING_SEEN
  /** Removes everything from Redis. */
  end(): Promise<unknown>
}

const START_US = 1_800_000_000_123_456

/**
 * The oracle, Redis with the scripts, and, as long as nothing fails, the limiter in memory. In calm
 * all requests are kept, so that their holds never expire: memory knows of no expiry.
 */
export function createSideBySide(redis: PinnedRedis, run: string, isCalm: boolean): SideBySide {
  const seen = { ...NOTHING_SEEN }
  const inMemory = new Map<string, Bucket>()
  const usedBefore = new Map<string, number>()
  const answers: Promise<void>[] = []
  const ended: Reservation[] = []
  let open: Reservation[] = []
  let limits = limitsOf(run)
  let world: World = new Map()
  let nowUs = START_US
  let difference: Error | undefined

  const at = (): number => Math.floor(nowUs / 1000)
  const until = (): number => at() + LEASE_MS
  /** As the ledger would say: so much was used, a moment ago. */
  const ledger = (limit: Limit): Bucket => {
    const shape = shapeOf(limit)
    const part = usedBefore.get(limit.holder) ?? 0
    return charged(drained(EMPTY, shape, at()), shape, Math.floor(part * shape.capacity))
  }
  const scripts = createRedisLimiter({
    link: redis.link,
    rebuild: async (_, of) => of.map((limit) => ({ bucket: limit.bucket, state: ledger(limit) })),
  })
  const memory = createMemoryLimiter({
    clock: { now: at },
    onChange: (limit, bucket) => void inMemory.set(nameOf(limit), bucket),
    initial: (limit) => inMemory.get(nameOf(limit)) ?? EMPTY,
  })

  const compare = (what: string, actual: unknown, expected: unknown): void => {
    if (difference || isDeepStrictEqual(actual, expected)) return
    const [is, should] = [actual, expected].map((value) => JSON.stringify(value, null, 1))
    difference = new Error(`step ${seen.steps}, ${what}\nis:      ${is}\nshould be: ${should}`)
  }
  /** Compares an answer of Redis when it comes, under the name of the step that it belongs to. */
  const expectOf = <T>(what: string, answer: Promise<T>, of: (answer: T) => unknown, is: unknown) => {
    const name = `asked in step ${seen.steps}: ${what}`
    const fail = (err: unknown) => compare(name, String(err), is)
    answers.push(answer.then((value) => compare(name, of(value), is), fail))
  }
  const compareBuckets = (of: readonly Limit[]): void => {
    for (const holder of holdersOf(of))
      expectOf(holder, redis.written(holder), (text) => text, written(world, holder))
    if (!isCalm) return
    for (const limit of of)
      compare(nameOf(limit), inMemory.get(nameOf(limit)) ?? EMPTY, found(world, limit) ?? EMPTY)
  }
  const done = <T>(answer: Promise<T>) => expectOf('done', answer, () => true, true)

  async function admit({ which, demands }: Extract<Step, { does: 'admit' }>): Promise<void> {
    const asked = which.flatMap((i) => limits[i] ?? [])
    const admission = { id: `${run}-${seen.steps}`, limits: asked, demands }
    const before = withoutExpired(world, asked, at())
    const lost = missing(before, asked)
    const whole = lost.length > 0 ? rebuilt(before, lost, ledger) : before
    const judgement = admitted(withoutExpired(whole, asked, at()), admission, at(), until())
    note(judgement, { lost, expired: before !== world })
    world = judgement.world
    const answer = scripts.admit(admission)
    expectOf('decision', answer, judged, judged(judgement))
    if (isCalm) compare('decision in memory', judged(await memory.admit(admission)), judged(judgement))
    if (judgement.reservation) open.push(judgement.reservation)
    if (lost.length > 0) await answer.catch(() => {})
    compareBuckets(asked)
  }

  function note({ reservation, states }: Judgement, { lost, expired }: { lost: Limit[]; expired: boolean }) {
    if (reservation) seen.admitted++
    else seen.refused++
    if (reservation && states.some(({ fitted }) => !fitted)) seen.shadowed++
    if (lost.length > 0) seen.rebuilt++
    if (expired) seen.expired++
  }

  function settle(reservation: Reservation, used: Amounts, isRetry: boolean): void {
    const charges = { ...used, requests: used.requests - 1 }
    world = settled(world, reservation, charges, { at: at(), isRetry })
    done(scripts.settle(reservation, charges, { isRetry }))
    if (isCalm) memory.settle(reservation, used)
    compareBuckets(reservation.limits)
  }

  async function keep(reservations: readonly Reservation[]): Promise<void> {
    const lost = unkeepable(world, reservations)
    const first = kept(world, reservations, until())
    world = kept(rebuilt(first, lost.flatMap((r) => r.limits), ledger), reservations, until())
    const answer = scripts.keep(reservations)
    done(answer)
    if (lost.length > 0) await answer.catch(() => {})
    compareBuckets(reservations.flatMap((reservation) => reservation.limits))
  }

  const pick = (of: readonly Reservation[], which: number): Reservation | undefined =>
    of[which % of.length]

  async function act(step: Step): Promise<boolean> {
    if (step.does === 'admit') await admit(step)
    if (step.does === 'wait') {
      nowUs += step.us
      redis.setTime(nowUs)
      if (isCalm) await keep(open)
    }
    if (step.does === 'change')
      limits = limits.with(step.which % limits.length, changed(limits, step.which, step.part))
    return true
  }
  return { take: async () => {}, agree: async () => {}, seen, end: async () => {} }
}
