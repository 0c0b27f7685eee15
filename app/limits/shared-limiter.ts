import type { Bucket } from '../domain/bucket.ts'
import type { Clock } from '../domain/clock.ts'
import { type Amounts, UNITS, type Unit } from '../domain/limit.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Log } from '../log.ts'
import { nameOf } from './bucket-map.ts'
import {
  type Admission,
  type Decision,
  type Limiter,
  type LimiterMode,
  type Reservation,
  settlement,
} from './limiter.ts'
import { createLocalLimiter, type LocalLimiter } from './local-limiter.ts'
import { createOwedSettlements } from './owed-settlements.ts'
import type { Rebuild, RedisLimiter } from './redis-limiter.ts'
import { RedisGoneError } from './redis-link.ts'
import type { Place } from './replica-share.ts'

/** How often Redis is asked whether it is back, in ms. */
const PROBE_MS = 250
/** How often this replica says that it is alive, in ms. */
const ALIVE_MS = 1000
/** How often what running requests hold is renewed, in ms, and how many in one step. */
const KEEP_MS = 5000
const KEEP_BATCH = 50
/** How many buckets are remembered as Redis last told of them. */
const MAX_SEEN = 10_000

export interface SharedLimiterNeeds {
  readonly redis: RedisLimiter
  /** Says that this replica is alive; gives its place among those that are. */
  readonly announce: () => Promise<Place>
  /** Says that this replica goes, and lets go of Redis. */
  readonly leave: () => Promise<void>
  readonly rebuild: Rebuild
  readonly clock: Clock
  readonly log: Log
}

interface Open {
  readonly reservation: Reservation
  readonly isLocal: boolean
}

/**
 * Limits over several replicas. With Redis they are exact. While Redis is gone each replica holds its
 * share of them, decides within 50 ms, and remembers what it let in, for Redis to know afterwards.
 * Fails closed when buckets are lost and the ledger can't tell what was in them.
 */
export async function createSharedLimiter(needs: SharedLimiterNeeds): Promise<Limiter> {
  const { redis, announce, leave, rebuild, clock, log } = needs
  const open = new Map<string, Open>()
  const seen = new Map<string, Bucket>()
  const owed = createOwedSettlements({ redis, log })
  let local: LocalLimiter | null = null
  let place = await announce()
  let aliveAt = clock.now()
  let keptAt = clock.now()
  let beating: Promise<void> | null = null

  const remember = ({ states }: Decision): void => {
    for (const { limit, bucket } of states) {
      seen.delete(nameOf(limit.holder, limit.bucket))
      seen.set(nameOf(limit.holder, limit.bucket), bucket)
    }
    while (seen.size > MAX_SEEN) seen.delete(seen.keys().next().value ?? '')
  }

  /** Redis is gone: from here on this replica is on its own. */
  const lose = (err: RedisGoneError): LocalLimiter => {
    if (local) return local
    log.warn({ err, share: `1/${place.count}` }, 'Redis is gone: limits are held locally')
    const running = [...open.values()].map(({ reservation }) => reservation)
    local = createLocalLimiter({
      place,
      lastSeen: (limit) => seen.get(nameOf(limit.holder, limit.bucket)),
      rebuild,
      clock,
      running,
    })
    return local
  }

  const onFailure = (err: unknown): LocalLimiter => {
    if (err instanceof RedisGoneError) return lose(err)
    throw new GatewayError(
      'limits_unavailable',
      'limits cannot be checked at the moment; try again',
      {
        cause: err,
        headers: { 'retry-after': '2' },
      },
    )
  }

  const note = ({ reservation }: Decision, isLocal: boolean): void => {
    if (reservation) open.set(reservation.id, { reservation, isLocal })
  }
  const admitLocally = async (by: LocalLimiter, admission: Admission): Promise<Decision> => {
    const decision = await by.admit(admission)
    note(decision, true)
    return decision
  }

  const renew = async (): Promise<void> => {
    const reservations = [...open.values()].map(({ reservation }) => reservation)
    for (let from = 0; from < reservations.length; from += KEEP_BATCH) {
      await redis.keep(reservations.slice(from, from + KEEP_BATCH))
    }
  }

  /** Tells Redis what it has missed, and relies on it again. */
  const recover = async (): Promise<void> => {
    place = await announce()
    await owed.sendAll()
    await renew()
    await owed.sendAll()
    local = null
    // What was let in during the last step has not been told yet.
    keptAt = 0
    log.info({}, 'Redis is back: limits are exact again')
  }

  const beat = async (): Promise<void> => {
    try {
      const now = clock.now()
      if (local) return await recover()
      if (now - aliveAt >= ALIVE_MS) {
        place = await announce()
        aliveAt = now
      }
      await owed.sendAll()
      if (now - keptAt >= KEEP_MS) {
        keptAt = now
        await renew()
      }
    } catch (err) {
      if (err instanceof RedisGoneError) lose(err)
      else log.warn({ err }, 'limits of running requests could not be renewed')
    }
  }
  const timer = setInterval(() => {
    beating ??= beat().finally(() => {
      beating = null
    })
  }, PROBE_MS)

  return {
    get mode(): LimiterMode {
      return local ? 'local' : 'exact'
    },
    get owed() {
      return owed.size
    },

    async admit(admission) {
      if (local) return await admitLocally(local, admission)
      try {
        const decision = await redis.admit(admission)
        remember(decision)
        note(decision, false)
        return decision
      } catch (err) {
        return await admitLocally(onFailure(err), admission)
      }
    },

    settle(reservation, used) {
      const entry = open.get(reservation.id)
      if (!open.delete(reservation.id) || !entry) return
      const charges = chargesOf(used, entry.isLocal)
      if (!local) {
        owed.send({ reservation, charges, isRetry: false }).catch((err) => {
          if (err instanceof RedisGoneError) lose(err)
        })
        return
      }
      local.settle(reservation, used, { isLocal: entry.isLocal })
      owed.later(reservation, charges)
    },

    async close() {
      clearInterval(timer)
      await beating
      await (local ? recover() : owed.sendAll()).catch((err: unknown) =>
        log.warn({ err, settlements: owed.size }, 'what was used could not be told to Redis'),
      )
      await leave()
    },
  }
}

/** What Redis has to add: it knows of a request it admitted itself, and of no other. */
const chargesOf = (used: Amounts, isLocal: boolean): Amounts =>
  Object.fromEntries(
    UNITS.map((unit) => [unit, isLocal ? used[unit] : settlement(unit, used)]),
  ) as Record<Unit, number>
