import type { Bucket } from '../domain/bucket.ts'
import { type Amounts, type Limit, shapeOf, UNITS, type Unit } from '../domain/limit.ts'
import { type Admission, type Decision, isHeld, type Reservation } from './limiter.ts'
import type { RedisLink } from './redis-link.ts'
import { ADMIT, KEEP, keysOf, SEED, SETTLE } from './redis-scripts.ts'

/** How long what a request holds outlives its process, in ms; renewed well before. */
export const LEASE_MS = 30_000

/** How often in one request lost buckets are rebuilt, before it is given up. */
const MAX_RESTORES = 3

/** What the ledger says about buckets that Redis has lost, by their names. */
export type Rebuild = (
  holder: string,
  limits: readonly Limit[],
) => Promise<readonly { readonly bucket: string; readonly state: Bucket }[]>

export interface RedisLimiterNeeds {
  readonly link: RedisLink
  readonly rebuild: Rebuild
}

/** What one replica asks of Redis. Everything throws a RedisGoneError when Redis is not there. */
export interface RedisLimiter {
  /** One script, one round trip, unless Redis has lost buckets: those are rebuilt first. */
  admit(admission: Admission): Promise<Decision>
  /** `charges` is what to add to each limit; a retry counts only while the reservation is there. */
  settle(reservation: Reservation, charges: Amounts, options: { isRetry: boolean }): Promise<void>
  /** Renews what these hold, also where Redis never knew of it. */
  keep(reservations: readonly Reservation[]): Promise<void>
}

export function createRedisLimiter({ link, rebuild }: RedisLimiterNeeds): RedisLimiter {
  const rebuilding = new Map<string, Promise<void>>()

  /** Many requests may find the same holder's buckets missing at once: the ledger is asked once. */
  const restore = async (limits: readonly Limit[]): Promise<void> => {
    const byHolder = Map.groupBy(limits, ({ holder }) => holder)
    await Promise.all(
      [...byHolder].map(([holder, missing]) => {
        const name = [holder, ...missing.map(({ bucket }) => bucket)].join('\n')
        const running = rebuilding.get(name) ?? seed(holder, missing)
        rebuilding.set(name, running)
        return running.finally(() => rebuilding.delete(name))
      }),
    )
  }

  const seed = async (holder: string, limits: readonly Limit[]): Promise<void> => {
    const buckets = await rebuild(holder, limits)
    const args = buckets.flatMap(({ bucket, state: { debt, tick } }) => [
      bucket,
      `${debt}`,
      `${tick}`,
    ])
    await link.run(SEED, [keysOf(holder)[0]], args)
  }

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
      ]
      for (let attempt = 1; ; attempt++) {
        const reply = (await link.run(ADMIT, call.keys, args)) as Reply
        if (reply[0] === 1) return toDecision(admission, reply)
        if (attempt > MAX_RESTORES) throw new Error('buckets are lost as soon as they are rebuilt')
        await restore(reply.slice(1).flatMap((index) => limits[Number(index) - 1] ?? []))
      }
    },

    async settle(reservation, charges, { isRetry }) {
      const { keys, limits } = callOf(reservation.limits)
      const lines = holdsOf(reservation)
      await link.run(SETTLE, keys, [
        isRetry ? '1' : '0',
        limits,
        ...inOrder(reservation.granted),
        ...inOrder(charges),
        ...lines.values(),
      ])
    },

    async keep(reservations) {
      const holds = reservations.flatMap((reservation) =>
        [...holdsOf(reservation)].flatMap(([holder, line]) =>
          line === '' ? [] : [{ reservation, holder, line }],
        ),
      )
      if (holds.length === 0) return
      const keys = holds.flatMap(({ holder }) => keysOf(holder))
      const lines = holds.map(({ line }) => line)
      const missing = (await link.run(KEEP, keys, [`${LEASE_MS}`, ...lines])) as number[]
      const lost = missing.flatMap((index) => holds[index - 1]?.reservation ?? [])
      if (lost.length === 0) return
      await restore(lost.flatMap(({ limits }) => limits))
      await link.run(KEEP, keys, [`${LEASE_MS}`, ...lines])
    },
  }
}

/** What scripts are told of limits; the same for each request of one caller to one model. */
interface Call {
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
  const call = { keys: holders.flatMap(keysOf), limits: JSON.stringify(rows) }
  calls.set(limits, call)
  return call
}

const inOrder = (amounts: Amounts): string[] => UNITS.map((unit) => String(amounts[unit]))

/** As admit.lua describes it. */
type Reply = readonly (number | string)[]
const HEAD = 7

function toDecision({ id, limits }: Admission, reply: Reply): Decision {
  const [, at, admitted, ...rest] = reply.slice(0, HEAD).map(Number) as [number, number, number]
  const states = limits.map((limit, i) => {
    const [debt = 0, tick = 0, held = 0, refusals = 0, fitted] = String(reply[HEAD + i])
      .split(' ')
      .map(Number)
    const bucket = { debt, tick, held, refusals }
    return { limit, shape: shapeOf(limit), bucket, fitted: fitted === 1 }
  })
  if (admitted !== 1) return { reservation: null, at, states }
  const granted = Object.fromEntries(UNITS.map((unit, i) => [unit, (rest as number[])[i] ?? 0]))
  const counted = states.every(({ fitted }) => fitted)
    ? limits
    : states.flatMap(({ limit, fitted }) => (fitted ? [limit] : []))
  return {
    at,
    states,
    reservation: { id, granted: granted as Record<Unit, number>, limits: counted },
  }
}

/** For each holder the line that admit.lua writes down; empty when nothing is held there. */
function holdsOf({ id, granted, limits }: Reservation): Map<string, string> {
  const byHolder = Map.groupBy(limits, ({ holder }) => holder)
  return new Map(
    [...byHolder].map(([holder, of]) => {
      const held = of.filter(({ unit }) => isHeld(unit))
      const line = [id, ...held.flatMap(({ bucket, unit }) => [bucket, granted[unit]])].join('\n')
      return [holder, held.length === 0 ? '' : line]
    }),
  )
}
