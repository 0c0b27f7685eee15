import type { RedisLink } from './redis-link.ts'
import { REPLICAS, REPLICAS_KEY } from './redis-scripts.ts'
import { type Place, placeAmong } from './replica-share.ts'

/** How long a replica counts as alive that says nothing, in ms. */
const ALIVE_MS = 5000

/** This replica among all that use the same Redis. */
export interface Replicas {
  /** Says that it is alive; gives its place among those that are. */
  announce(): Promise<Place>
  /** Says that it is gone; what it can't say is known anyway within 5 s. */
  leave(): Promise<void>
}

export const createReplicas = ({
  link,
  id,
}: {
  readonly link: RedisLink
  readonly id: string
}): Replicas => ({
  async announce() {
    const alive = (await link.run(REPLICAS, [REPLICAS_KEY], [id, `${ALIVE_MS}`])) as string[]
    return placeAmong(id, alive)
  },
  async leave() {
    await link.send(['ZREM', REPLICAS_KEY, id]).catch(() => {})
  },
})
