import type { Amounts, Limit } from '../domain/limit.ts'
import type { Log } from '../log.ts'
import { nameOf } from './bucket-map.ts'
import { isLasting } from './rebuild.ts'
import type { RedisLimiter } from './redis-limiter.ts'
import type { Running, RunningRequests } from './running-requests.ts'

const MAX_OWED = 2000
/** How many are sent at a time. */
const BATCH = 100

/** A settlement that Redis has not confirmed. */
interface Owed {
  readonly request: Running
  readonly charges: Amounts
  /** Whether it may have arrived. */
  readonly isRetry: boolean
}

export interface OwedSettlementsNeeds {
  readonly redis: Pick<RedisLimiter, 'forget' | 'settle'>
  readonly running: Pick<RunningRequests, 'tell' | 'distrust'>
  readonly log: Log
}

/**
 * Settlements on their way to Redis, kept while it is gone: at most 2,000, the oldest go first. Their
 * buckets are rebuilt from the ledger then, which has them all.
 */
export function createOwedSettlements({ redis, running, log }: OwedSettlementsNeeds) {
  let owed: Owed[] = []
  /** The buckets of settlements that there was no room for, by their names. */
  const doubtful = new Map<string, Limit>()

  const keep = (settlement: Owed): void => {
    owed.push(settlement)
    if (owed.length <= MAX_OWED) return
    if (doubtful.size === 0)
      log.warn({}, 'Redis is gone for so long that buckets are to be rebuilt')
    for (const limit of owed.shift()?.request.reservation.limits ?? []) {
      if (isLasting(limit)) doubtful.set(nameOf(limit.holder, limit.bucket), limit)
    }
  }

  /** Sends it; throws what Redis says, after keeping it for later. */
  const send = async (settlement: Owed): Promise<void> => {
    const { request, charges } = settlement
    let { isRetry } = settlement
    try {
      await running.tell(request)
      const sent = redis.settle(request.reservation, charges, { isRetry })
      // From here on it may have arrived: the next time it counts only if the reservation is still there.
      isRetry = true
      await sent
    } catch (err) {
      keep({ request, charges, isRetry })
      throw err
    }
  }

  return {
    get size(): number {
      return owed.length
    },

    /** Keeps it for later. */
    later: (request: Running, charges: Amounts): void => keep({ request, charges, isRetry: false }),

    /** Sends it at once; throws what Redis says, after keeping it for later. */
    send: (request: Running, charges: Amounts): Promise<void> =>
      send({ request, charges, isRetry: false }),

    /** Sends everything that is owed. Throws when Redis is not there; what is left stays owed. */
    async sendAll(): Promise<void> {
      while (owed.length > 0) {
        const results = await Promise.allSettled(owed.splice(0, BATCH).map(send))
        const failed = results.find((result) => result.status === 'rejected')
        if (failed) throw failed.reason
      }
      if (doubtful.size === 0) return
      await redis.forget([...doubtful.values()])
      doubtful.clear()
    },

    /** Redis has lost everything: what is rebuilt from the ledger has these requests, the rest has not. */
    restate(): void {
      owed = owed.flatMap(({ request: { reservation, by }, charges }) => {
        const limits = reservation.limits.filter((limit) => !isLasting(limit))
        if (limits.length === 0) return []
        const request = { reservation: { ...reservation, limits }, by }
        running.distrust(request)
        return [{ request, charges, isRetry: false }]
      })
    },
  }
}
