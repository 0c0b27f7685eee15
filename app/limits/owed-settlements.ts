import type { Amounts } from '../domain/limit.ts'
import type { Log } from '../log.ts'
import type { Reservation } from './limiter.ts'
import type { RedisLimiter } from './redis-limiter.ts'

const MAX_OWED = 10_000
/** How many are sent at a time. */
const BATCH = 100

/** A settlement that Redis has not confirmed. */
interface Owed {
  readonly reservation: Reservation
  readonly charges: Amounts
  readonly isRetry: boolean
}

/** Settlements on their way to Redis, kept while it is gone: at most 10,000, the oldest go first. */
export function createOwedSettlements(needs: {
  readonly redis: Pick<RedisLimiter, 'settle'>
  readonly log: Log
}) {
  const { redis, log } = needs
  const owed: Owed[] = []
  let dropped = 0

  const keep = (settlement: Owed): void => {
    owed.push(settlement)
    if (owed.length <= MAX_OWED) return
    owed.shift()
    if (dropped++ === 0) log.warn({}, 'Redis is gone for so long that settlements are forgotten')
  }

  return {
    get size(): number {
      return owed.length
    },

    /** Keeps it for later. */
    later: (reservation: Reservation, charges: Amounts): void =>
      keep({ reservation, charges, isRetry: false }),

    /** Sends it; throws what Redis says, after keeping it for later. */
    async send({ reservation, charges, isRetry }: Owed): Promise<void> {
      try {
        await redis.settle(reservation, charges, { isRetry })
      } catch (err) {
        // It may have arrived: the next time it counts only if the reservation is still there.
        keep({ reservation, charges, isRetry: true })
        throw err
      }
    },

    /** Sends everything that is owed. Throws when Redis is not there; what is left stays owed. */
    async sendAll(): Promise<void> {
      while (owed.length > 0) {
        const batch = owed.splice(0, BATCH)
        const results = await Promise.allSettled(batch.map((settlement) => this.send(settlement)))
        const failed = results.find((result) => result.status === 'rejected')
        if (failed) throw failed.reason
      }
      dropped = 0
    },
  }
}
