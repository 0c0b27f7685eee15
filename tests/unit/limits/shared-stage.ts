import type { Limiter, Reservation } from '../../../app/limits/limiter.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import type { RedisLimiter } from '../../../app/limits/redis-limiter.ts'
import { RedisGoneError } from '../../../app/limits/redis-link.ts'
import { createSharedLimiter } from '../../../app/limits/shared-limiter.ts'
import { createClock } from '../support/clock.ts'
import { type LogEntry, memoryLog } from '../support/memory-log.ts'
import { asking } from './asking.ts'
import { AT, limitOf } from './limit-states.ts'

/** What Redis does when it is asked for something; it decides about requests as memory does. */
export interface RedisBehaviour {
  /** What it says to everything, in place of an answer. */
  failure: Error | null
  /** Whether it says that it has lost everything. */
  isEmptied: boolean
}

/** One of two replicas, the first, with a Redis that does as it is told. */
export interface SharedStage extends AsyncDisposable {
  readonly limiter: Limiter
  readonly redis: RedisBehaviour
  readonly clock: ReturnType<typeof createClock>
  readonly log: readonly LogEntry[]
  /** All that was logged, as `level: message`. */
  readonly words: readonly string[]
  readonly hasLeft: boolean
  /** What Redis was asked since this was last called, but for announcements, a line each. */
  asked(): string[]
  /** How often the replica has said that it is alive. */
  readonly announced: number
  /** Resolves after that many more times. */
  beats(count: number): Promise<void>
  /** Asks so often at once; what was admitted. */
  admitted(count: number, limits?: Parameters<typeof limitsOf>): Promise<Reservation[]>
  /** The one that is admitted. Throws for a refusal. */
  one(...limits: Parameters<typeof limitsOf>): Promise<Reservation>
  /** Resolves when it is in that mode. */
  untilMode(mode: Limiter['mode']): Promise<void>
}

const limitsOf = (...limits: ReturnType<typeof limitOf>[]) =>
  limits.length > 0 ? limits : [limitOf({ amount: 10 })]

/** Sets the stage, to be held with `await using`. */
export async function setSharedStage(): Promise<SharedStage> {
  const clock = createClock(AT)
  const log = memoryLog()
  const redis: RedisBehaviour = { failure: null, isEmptied: false }
  const lines: string[] = []
  let announced = 0
  let hasLeft = false

  const limiter = await createSharedLimiter({
    redis: scriptedRedis(redis, clock, lines),
    async announce() {
      announced++
      if (redis.failure instanceof RedisGoneError) throw redis.failure
      return { place: { rank: 0, count: 2 }, isEmptied: redis.isEmptied }
    },
    leave: async () => {
      hasLeft = true
    },
    rebuild: async () => [],
    clock,
    log,
  })
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await Bun.sleep(5)
  }
  const admitted: SharedStage['admitted'] = async (count, limits = []) => {
    const { admit } = asking(limiter)
    const asked = Array.from({ length: count }, () => admit(limitsOf(...limits)))
    return (await Promise.all(asked)).flatMap((reservation) => reservation ?? [])
  }

  return {
    limiter,
    redis,
    clock,
    log: log.entries,
    get words() {
      return log.entries.map(({ level, message }) => `${level}: ${message}`)
    },
    get hasLeft() {
      return hasLeft
    },
    get announced() {
      return announced
    },
    asked: () => lines.splice(0),
    async beats(count) {
      const wanted = announced + count
      await until(() => announced >= wanted)
      // What it does then is done without waiting for anything.
      await Bun.sleep(1)
    },
    admitted,
    async one(...limits) {
      const [reservation] = await admitted(1, limits)
      if (!reservation) throw new Error('refused')
      return reservation
    },
    untilMode: (mode) => until(() => limiter.mode === mode),
    [Symbol.asyncDispose]: () => limiter.close(),
  }
}

function scriptedRedis(
  behaviour: RedisBehaviour,
  clock: ReturnType<typeof createClock>,
  lines: string[],
): RedisLimiter {
  const memory = createMemoryLimiter({ clock })
  const reply = (what: string): void => {
    lines.push(what)
    if (behaviour.failure) throw behaviour.failure
  }
  return {
    async admit(admission) {
      reply('admit')
      return await memory.admit(admission)
    },
    settle: async (_, { requests, tokens }, { isRetry }) =>
      reply(`settle ${requests} ${tokens}${isRetry ? ' again' : ''}`),
    adopt: async () => reply('adopt'),
    cancel: async () => reply('cancel'),
    forget: async (limits) => reply(`forget ${limits.length}`),
    keep: async (reservations) => {
      reply(`keep ${reservations.length}`)
      return []
    },
  }
}
