import { type Bucket, roomIn } from '../domain/bucket.ts'
import { type Limit, shapeOf } from '../domain/limit.ts'

/** Which of how many replicas this is; the first is 0. */
export interface Place {
  readonly rank: number
  readonly count: number
}

/** The place of a replica among those that are alive; alone when it is not among them. */
export function placeAmong(id: string, alive: readonly string[]): Place {
  const rank = alive.toSorted().indexOf(id)
  return rank < 0 ? { rank: 0, count: 1 } : { rank, count: alive.length }
}

/** A replica's part of a whole amount: the parts of all replicas add up to it exactly. */
export const shareOf = (amount: number, { rank, count }: Place): number =>
  Math.floor(amount / count) + (rank < amount % count ? 1 : 0)

/** The bucket of a replica that is on its own: its part of the limit. */
export const localShape = (limit: Limit, place: Place) => {
  const shape = shapeOf(limit)
  return { ...shape, capacity: shareOf(shape.capacity, place) }
}

/** What is in it at first: so much that its part of what was left in the shared bucket fits. */
export function localBucket(limit: Limit, shared: Bucket, place: Place): Bucket {
  const shape = shapeOf(limit)
  // Requests that run elsewhere end; how many may run here depends on those that run here.
  const left = limit.unit === 'concurrent-requests' ? shape.capacity : roomIn(shared, shape)
  const taken = shareOf(shape.capacity, place) - shareOf(left, place)
  return { debt: Math.max(0, taken) * shape.ticks, tick: shared.tick, held: 0, refusals: 0 }
}
