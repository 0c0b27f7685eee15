import type { Admission, Reservation } from './limiter.ts'
import type { LocalLimiter } from './local-limiter.ts'
import type { RedisLimiter } from './redis-limiter.ts'

/** How many requests Redis is told of in one go. */
const BATCH = 50

/** A request that has been let in. */
export interface Running {
  readonly reservation: Reservation
  /** Who let it in while Redis was gone; null for Redis itself. */
  readonly by: LocalLimiter | null
}

/**
 * What runs in this process, and what Redis has wrong about it: what it does not count, because it was
 * let in without it or because it has lost it, and what it may have let in without our hearing of it.
 */
export function createRunningRequests(redis: Pick<RedisLimiter, 'adopt' | 'cancel' | 'keep'>) {
  const all = new Map<string, Running>()
  /** Those that Redis does not count, with what is telling it of them. */
  const untold = new WeakMap<Running, Promise<void> | null>()
  const doubtful: Admission[] = []

  const adopt = async (request: Running): Promise<void> => {
    try {
      await redis.adopt(request.reservation)
      untold.delete(request)
    } catch (err) {
      untold.set(request, null)
      throw err
    }
  }
  const tell = async (request: Running): Promise<void> => {
    if (!untold.has(request)) return
    // Never twice at a time: the later one could come after the settlement.
    const telling = untold.get(request) ?? adopt(request)
    untold.set(request, telling)
    await telling
  }

  return {
    add(reservation: Reservation, by: LocalLimiter | null): void {
      const request = { reservation, by }
      all.set(reservation.id, request)
      if (by) untold.set(request, null)
    },
    /** Takes out a request that ends; undefined for one that has ended before. */
    take(id: string): Running | undefined {
      const request = all.get(id)
      all.delete(id)
      return request
    },
    list: (): Reservation[] => [...all.values()].map(({ reservation }) => reservation),

    /** Redis was asked to let this in, and gave no answer. */
    doubt(admission: Admission): void {
      doubtful.push(admission)
    },
    /** A request, running or not, is counted by Redis no longer. */
    distrust(request: Running): void {
      untold.set(request, null)
    },
    /** Redis has lost what it knew; of what it has let in since it does not mind to be told again. */
    distrustAll(): void {
      for (const request of all.values()) untold.set(request, null)
    },

    /** Has Redis count this one, if it does not. */
    tell,
    /** Has Redis count all that it does not, and nothing else. */
    async tellAll(): Promise<void> {
      const left = [...all.values()].filter((request) => untold.has(request))
      // First: what was let in here instead has the same id.
      const asked = [...doubtful]
      await Promise.all(asked.map(redis.cancel))
      doubtful.splice(0, asked.length)
      for (let from = 0; from < left.length; from += BATCH) {
        const batch = left
          .slice(from, from + BATCH)
          .filter(({ reservation: { id } }) => all.has(id))
        await Promise.all(batch.map(tell))
      }
    },

    /** Renews what all of them hold. */
    async renew(): Promise<void> {
      const ids = [...all.keys()]
      for (let from = 0; from < ids.length; from += BATCH) {
        // What has ended meanwhile must not be held again.
        const batch = ids.slice(from, from + BATCH).flatMap((id) => all.get(id)?.reservation ?? [])
        const lost = await redis.keep(batch)
        const again = lost.filter(({ id }) => all.has(id))
        if (again.length > 0) await redis.keep(again)
      }
    },
  }
}

export type RunningRequests = ReturnType<typeof createRunningRequests>
