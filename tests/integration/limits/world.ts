import type { Bucket } from '../../../app/domain/bucket.ts'
import type { Limit } from '../../../app/domain/limit.ts'
import type { Reservation } from '../../../app/limits/limiter.ts'

/** What a request holds of a holder's buckets until it is settled, and no longer than that. */
export interface Hold {
  readonly untilMs: number
  readonly of: readonly { readonly limit: Limit; readonly amount: number }[]
}

interface Shelf {
  readonly buckets: ReadonlyMap<string, Bucket>
  readonly holds: ReadonlyMap<string, Hold>
}

/** What each holder has; nothing in it ever changes, but for a new one. */
export type World = ReadonlyMap<string, Shelf>

const BARE: Shelf = { buckets: new Map(), holds: new Map() }

const shelfOf = (world: World, holder: string): Shelf => world.get(holder) ?? BARE

/** Each holder of the limits once. */
export const holdersOf = (limits: readonly Limit[]): string[] => [
  ...new Set(limits.map(({ holder }) => holder)),
]

/** What is in a limit's bucket, if it is there. */
export const found = (world: World, { holder, bucket }: Limit): Bucket | undefined =>
  shelfOf(world, holder).buckets.get(bucket)

export const holdsOf = (world: World, holder: string): ReadonlyMap<string, Hold> =>
  shelfOf(world, holder).holds

/** Whether anything is written down of what a request holds. */
export const isHolding = (world: World, { id, limits }: Reservation): boolean =>
  holdersOf(limits).some((holder) => holdsOf(world, holder).has(id))

export function withBucket(world: World, { holder, bucket }: Limit, content: Bucket): World {
  const shelf = shelfOf(world, holder)
  return put(world, holder, { ...shelf, buckets: new Map(shelf.buckets).set(bucket, content) })
}

export function withHold(world: World, holder: string, id: string, hold: Hold): World {
  const shelf = shelfOf(world, holder)
  return put(world, holder, { ...shelf, holds: new Map(shelf.holds).set(id, hold) })
}

export function withoutHold(world: World, holder: string, id: string): World {
  const shelf = shelfOf(world, holder)
  const holds = new Map([...shelf.holds].filter(([other]) => other !== id))
  return put(world, holder, { ...shelf, holds })
}

/** Without the holder's buckets, and without what is held of them or with it. */
export const withoutBuckets = (world: World, holder: string, holdsToo: boolean): World =>
  put(world, holder, holdsToo ? BARE : { ...shelfOf(world, holder), buckets: new Map() })

const put = (world: World, holder: string, shelf: Shelf): World => new Map(world).set(holder, shelf)

/** What a holder has, as text: its buckets, then its holds, each in alphabetical order. */
export function written(world: World, holder: string): string {
  const { buckets, holds } = shelfOf(world, holder)
  const lines = [...buckets].map(
    ([name, { debt, tick, held, refusals }]) => `${name}: ${debt} ${tick} ${held} ${refusals}`,
  )
  const held = [...holds].map(([id, { untilMs, of }]) =>
    [`${untilMs} ${id}`, ...of.map(({ limit, amount }) => `${limit.bucket} ${amount}`)].join(' | '),
  )
  return [...lines.sort(), ...held.sort()].join('\n')
}
