import { type Amounts, type Limit, shapeOf, UNITS } from '../domain/limit.ts'
import { type Admission, type Decision, isHeld, type Reservation } from './limiter.ts'
import type { RedisLink } from './redis-link.ts'
import { ADMIT, ADOPT, CANCEL, KEEP, keysOf, REVISION_KEY, SETTLE } from './redis-scripts.ts'
import { createRestore, type Rebuild } from './restore.ts'

/** How long what a request holds outlives its process, in ms; renewed well before. */
export const LEASE_MS = 30_000

export interface RedisLimiterNeeds {
  readonly link: RedisLink
  readonly rebuild: Rebuild
}

/** What one replica asks of Redis. Everything throws a RedisGoneError when Redis is not there. */
export interface RedisLimiter {
  /** One script, one round trip, unless Redis has lost buckets: those are rebuilt first. */
  admit(admission: Admission): Promise<Decision>
  /** Takes back what Redis may have admitted without our hearing of it. */
  cancel(admission: Admission): Promise<void>
  /** `charges` is what to add to each limit; a retry counts only while the reservation is there. */
  settle(reservation: Reservation, charges: Amounts, options: { isRetry: boolean }): Promise<void>
  /** Lets go of buckets that can't be trusted: they are rebuilt when they are asked for. */
  forget(limits: readonly Limit[]): Promise<void>
  /**
   * Counts a running request that Redis has lost or did not let in itself. A second time changes
   * nothing, until the request is settled.
   */
  adopt(reservation: Reservation): Promise<void>
  /**
   * Renews what these hold, also where Redis has lost it. Returns those whose buckets it had lost too:
   * they are rebuilt, and what is held of them is to be renewed again.
   */
  keep(reservations: readonly Reservation[]): Promise<readonly Reservation[]>
}

export function createRedisLimiter({ link, rebuild }: RedisLimiterNeeds): RedisLimiter {
  const { raise, restore, restoring } = createRestore({ link, rebuild })

  return {
    async admit(admission) {
      const { id, limits, demands } = admission
      const call = callOf(limits)
      const args = [
        id,
        `${LEASE_MS}`,
        call.limits,
        ...UNITS.map((unit) => `${demands[unit].need}`),
        ...UNITS.map((unit) => `${demands[unit].want}`),
        REVISION_KEY,
      ]
      const ask = () => link.run(ADMIT, call.keys, args) as Promise<Reply>
      const missingIn = (reply: Reply) => (reply[0] === 1 ? [] : reply.slice(1))
      return toDecision(admission, await restoring(limits, ask, missingIn))
    },

    async cancel({ id, limits }) {
      const call = callOf(limits)
      await link.run(CANCEL, call.keys, [id, call.limits])
    },

    async settle(reservation, charges, { isRetry }) {
      const { keys, limits } = callOf(reservation.limits)
      const missing = (await link.run(SETTLE, keys, [
        isRetry ? '1' : '0',
        limits,
        ...inOrder(reservation.granted),
        ...inOrder(charges),
        ...linesOf(reservation),
      ])) as readonly number[]
      if (missing.length === 0) return
      // Who rebuilds them at this moment may have read the ledger before this request was in it.
      await raise(missing.flatMap((index) => reservation.limits[index - 1] ?? []))
    },

    async forget(limits) {
      for (const [holder, of] of Map.groupBy(limits, ({ holder }) => holder)) {
        await link.send(['HDEL', keysOf(holder)[0], ...of.map(({ bucket }) => bucket)])
      }
    },

    async adopt(reservation) {
      const { keys, limits } = callOf(reservation.limits)
      const granted = inOrder(reservation.granted)
      const args = [`${LEASE_MS}`, limits, ...granted, ...linesOf(reservation)]
      const ask = async () => (await link.run(ADOPT, keys, args)) as readonly number[]
      await restoring(reservation.limits, ask, (missing) => missing)
    },

    async keep(reservations) {
      const holds = reservations.flatMap((reservation) =>
        linesOf(reservation).map((line) => ({ reservation, line })),
      )
      if (holds.length === 0) return []
      const keys = reservations.flatMap(({ limits }) => callOf(limits).keys)
      const lines = holds.map(({ line }) => line)
      const missing = (await link.run(KEEP, keys, [`${LEASE_MS}`, ...lines])) as number[]
      const lost = missing.flatMap((index) => holds[index - 1]?.reservation ?? [])
      if (lost.length > 0) await restore(lost.flatMap(({ limits }) => limits))
      return lost
    },
  }
}

/** What scripts are told of limits; the same for each request of one caller to one model. */
interface Call {
  readonly holders: readonly string[]
  /** Two for each holder. */
  readonly keys: readonly string[]
  /** As bucket.lua reads it. */
  readonly limits: string
}

const calls = new WeakMap<readonly Limit[], Call>()

function callOf(limits: readonly Limit[]): Call {
  const known = calls.get(limits)
  if (known) return known
  const holders = [...new Set(limits.map(({ holder }) => holder))]
  const rows = limits.map((limit) => {
    const { capacity, ticks, tickMs } = shapeOf(limit)
    const [holder, unit] = [holders.indexOf(limit.holder) + 1, UNITS.indexOf(limit.unit) + 1]
    return [holder, limit.bucket, unit, capacity, ticks, tickMs, limit.shadow]
  })
  const call = { holders, keys: holders.flatMap(keysOf), limits: JSON.stringify(rows) }
  calls.set(limits, call)
  return call
}

const inOrder = (amounts: Amounts): string[] => UNITS.map((unit) => String(amounts[unit]))

/** As admit.lua describes it. */
type Reply = readonly (number | string)[]
const HEAD = 8

function toDecision({ id, limits }: Admission, reply: Reply): Decision {
  const [at, revision] = [Number(reply[1]), Number(reply[7])]
  const states = limits.map((limit, i) => {
    const parts = String(reply[HEAD + i]).split(' ')
    const bucket = {
      debt: Number(parts[0]),
      tick: Number(parts[1]),
      held: Number(parts[2]),
      refusals: Number(parts[3]),
    }
    return { limit, shape: shapeOf(limit), bucket, fitted: parts[4] === '1' }
  })
  if (reply[2] !== 1) return { reservation: null, at, revision, states }
  const granted = {
    requests: Number(reply[3]),
    tokens: Number(reply[4]),
    'compute-seconds': Number(reply[5]),
    'concurrent-requests': Number(reply[6]),
  }
  const counted = states.every(({ fitted }) => fitted)
    ? limits
    : states.flatMap(({ limit, fitted }) => (fitted ? [limit] : []))
  return { reservation: { id, granted, limits: counted }, at, revision, states }
}

/** For each holder, in the order of its keys, the line that admit.lua writes down. */
function linesOf({ id, granted, limits }: Reservation): string[] {
  const { holders } = callOf(limits)
  const lines = holders.map(() => id)
  for (const { holder, bucket, unit } of limits) {
    const h = holders.indexOf(holder)
    if (isHeld(unit)) lines[h] = `${lines[h]}\n${bucket}\n${granted[unit]}`
  }
  return lines
}
