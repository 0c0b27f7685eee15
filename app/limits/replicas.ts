import type { RedisLink } from './redis-link.ts'
import { REPLICAS, REPLICAS_KEY, STORE_KEY } from './redis-scripts.ts'
import { type Place, placeAmong } from './replica-share.ts'

/** How long a replica counts as alive that says nothing, in ms. */
const ALIVE_MS = 5000
/** How often others must be missing until they count as gone: a Redis that comes back knows nobody. */
const MAX_MISSED = 20

export interface ReplicasNeeds {
  readonly link: RedisLink
  readonly id: string
  /** A value that was never used before. */
  readonly newId: () => string
}

/** What a replica learns when it says that it is alive. */
export interface Announced {
  /** Its place among all that are. */
  readonly place: Place
  /** Whether Redis has lost everything since the last time. */
  readonly isEmptied: boolean
}

/** This replica among all that use the same Redis. */
export interface Replicas {
  /** Says that it is alive. */
  announce(): Promise<Announced>
  /** Says that it is gone; what it can't say is known anyway within some seconds. */
  leave(): Promise<void>
}

export function createReplicas({ link, id, newId }: ReplicasNeeds): Replicas {
  /** Those that are alive, and how often in a row they were missing. */
  const missed = new Map<string, number>()
  let store: unknown

  const note = (alive: readonly string[]): Place => {
    for (const [other, times] of missed) {
      if (times === MAX_MISSED) missed.delete(other)
      else missed.set(other, times + 1)
    }
    for (const other of alive) missed.set(other, 0)
    return placeAmong(id, [...missed.keys()])
  }

  return {
    async announce() {
      const [alive, , current] = await Promise.all([
        link.run(REPLICAS, [REPLICAS_KEY], [id, `${ALIVE_MS}`]) as Promise<string[]>,
        link.send(['SET', STORE_KEY, newId(), 'NX']),
        link.send(['GET', STORE_KEY]),
      ])
      const isEmptied = store !== undefined && store !== current
      store = current
      return { place: note(alive), isEmptied }
    },
    async leave() {
      await link.send(['ZREM', REPLICAS_KEY, id]).catch(() => {})
    },
  }
}
