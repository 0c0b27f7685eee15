import type { Clock } from '../domain/clock.ts'
import { type Amounts, UNITS, type Unit } from '../domain/limit.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Log } from '../log.ts'
import { createLastSeen } from './last-seen.ts'
import { type Admission, type Decision, type Limiter, settlement } from './limiter.ts'
import { createLocalLimiter, type LocalLimiter } from './local-limiter.ts'
import { createOwedSettlements } from './owed-settlements.ts'
import type { RedisLimiter } from './redis-limiter.ts'
import { RedisGoneError } from './redis-link.ts'
import type { Replicas } from './replicas.ts'
import type { Rebuild } from './restore.ts'
import { createRunningRequests } from './running-requests.ts'

/** How often this replica says to Redis that it is alive, and hears whether Redis is, in ms. */
const BEAT_MS = 250
/** How often what running requests hold is renewed, in ms. */
const KEEP_MS = 5000
/** How long a decision may take without Redis, in ms, and how much of that the ledger gets at least. */
const DECISION_MS = 45
const LEAST_LEDGER_MS = 5

export interface SharedLimiterNeeds {
  readonly redis: RedisLimiter
  /** Says that this replica is alive. */
  readonly announce: Replicas['announce']
  /** Says that this replica goes, and lets go of Redis. */
  readonly leave: () => Promise<void>
  readonly rebuild: Rebuild
  readonly clock: Clock
  readonly log: Log
}

/**
 * Limits over several replicas. With Redis they are exact. While Redis is gone each replica holds its
 * share of them, decides within 50 ms, and remembers what it let in, for Redis to know afterwards.
 * Fails closed when buckets are lost and the ledger can't tell what was in them.
 */
export async function createSharedLimiter(needs: SharedLimiterNeeds): Promise<Limiter> {
  const { redis, announce, leave, rebuild, clock, log } = needs
  const running = createRunningRequests(redis)
  const owed = createOwedSettlements({ redis, running, log })
  const seen = createLastSeen()
  let { place } = await announce()
  let local: LocalLimiter | null = null
  /** Whether Redis has been told all since it is back. */
  let isTold = false
  let isTroubled = false
  let keptAt = clock.now()
  let beating: Promise<void> | null = null

  /** Redis is gone: from here on this replica is on its own. */
  const lose = (err: RedisGoneError): LocalLimiter => {
    isTold = false
    if (local) return local
    log.warn({ err, share: `1/${place.count}` }, 'Redis is gone: limits are held locally')
    local = createLocalLimiter({
      place,
      lastSeen: seen.get,
      rebuild,
      clock,
      running: running.list(),
    })
    return local
  }

  const admitLocally = async (
    by: LocalLimiter,
    admission: Admission,
    askedAt: number,
  ): Promise<Decision> => {
    const leftMs = askedAt + DECISION_MS - performance.now()
    const decision = await by.admit(admission, Math.max(leftMs, LEAST_LEDGER_MS))
    if (decision.reservation) {
      running.add(decision.reservation, by)
      seen.take(decision.reservation, decision.at)
    }
    return decision
  }

  const say = async (): Promise<void> => {
    const { place: now, isEmptied } = await announce()
    place = now
    if (isEmptied) {
      running.distrustAll()
      owed.restate()
    }
  }

  /** Tells Redis what it has missed, and relies on it again. */
  const recover = async (): Promise<void> => {
    await running.renew()
    // Only at the next beat, when the others have had the time to tell it theirs.
    if (isTold) {
      local = null
      log.info({}, 'Redis is back: limits are exact again')
    }
    isTold = !isTold
  }

  const beat = async (): Promise<void> => {
    await say()
    await running.tellAll()
    await owed.sendAll()
    if (local) return await recover()
    if (clock.now() - keptAt < KEEP_MS) return
    keptAt = clock.now()
    await running.renew()
  }
  const tryBeat = async (): Promise<void> => {
    try {
      await beat()
      isTroubled = false
    } catch (err) {
      if (err instanceof RedisGoneError) lose(err)
      else if (!isTroubled) log.warn({ err }, 'limits of running requests could not be renewed')
      isTroubled = !(err instanceof RedisGoneError)
    }
  }
  const timer = setInterval(() => {
    beating ??= tryBeat().finally(() => {
      beating = null
    })
  }, BEAT_MS)

  return {
    get mode() {
      return local ? 'local' : 'exact'
    },
    get owed() {
      return owed.size
    },

    async admit(admission) {
      const askedAt = performance.now()
      try {
        if (local) return await admitLocally(local, admission, askedAt)
        const decision = await redis.admit(admission)
        seen.remember(decision)
        if (decision.reservation) running.add(decision.reservation, null)
        return decision
      } catch (err) {
        if (!(err instanceof RedisGoneError)) throw unavailable(err)
        running.doubt(admission)
        return await admitLocally(lose(err), admission, askedAt).catch((cause) => {
          throw unavailable(cause)
        })
      }
    },

    settle(reservation, used) {
      const request = running.take(reservation.id)
      if (!request) return
      const charges = chargesOf(used)
      seen.settle(reservation, used, clock.now())
      if (!local) {
        owed.send(request, charges).catch((err) => {
          if (err instanceof RedisGoneError) lose(err)
        })
        return
      }
      local.settle(reservation, used, { isOwn: request.by === local })
      owed.later(request, charges)
    },

    async close() {
      clearInterval(timer)
      await beating
      await beat().catch((err: unknown) =>
        log.warn({ err, settlements: owed.size }, 'what was used could not be told to Redis'),
      )
      await leave()
    },
  }
}

const unavailable = (cause: unknown): GatewayError =>
  new GatewayError('limits_unavailable', 'limits cannot be checked at the moment; try again', {
    cause,
    headers: { 'retry-after': '2' },
  })

const chargesOf = (used: Amounts): Amounts =>
  Object.fromEntries(UNITS.map((unit) => [unit, settlement(unit, used)])) as Record<Unit, number>
