import {
  type Bucket,
  charged,
  drained,
  EMPTY,
  fits,
  holding,
  roomIn,
} from '../../../app/domain/bucket.ts'
import { type Amounts, type Limit, shapeOf, UNITS, type Unit } from '../../../app/domain/limit.ts'
import type { Admission, Reservation } from '../../../app/limits/limiter.ts'

/** What a request holds of a holder's buckets until it is settled, and no longer than that. */
interface Hold {
  readonly untilMs: number
  readonly of: readonly { readonly limit: Limit; readonly amount: number }[]
}

interface Shelf {
  readonly buckets: ReadonlyMap<string, Bucket>
  readonly holds: ReadonlyMap<string, Hold>
}

/** What each holder has; changed only by making a new one. */
export type World = ReadonlyMap<string, Shelf>

export interface Judgement {
  readonly world: World
  readonly reservation: Reservation | null
  readonly states: readonly { readonly bucket: Bucket; readonly fitted: boolean }[]
}

const NOBODY: Shelf = { buckets: new Map(), holds: new Map() }
const MOST_AT_ONCE = 32

const shelfOf = (world: World, holder: string): Shelf => world.get(holder) ?? NOBODY

/** What is in a limit's bucket, if it is there. */
export const found = (world: World, { holder, bucket }: Limit): Bucket | undefined =>
  shelfOf(world, holder).buckets.get(bucket)
/** Each holder of the limits once. */
export const holdersOf = (limits: readonly Limit[]): string[] => [...new Set(limits.map((l) => l.holder))]
const isReserved = ({ unit }: Limit): boolean => unit !== 'requests'
/** Whether the ledger can say what was in it. */
const isLasting = ({ window }: Limit): boolean => window === 'hour' || window === 'day'

const withBucket = (world: World, { holder, bucket }: Limit, content: Bucket): World => {
  const shelf = shelfOf(world, holder)
  const buckets = new Map(shelf.buckets).set(bucket, content)
  return new Map(world).set(holder, { ...shelf, buckets })
}

const withHolds = (world: World, holder: string, holds: Shelf['holds']): World =>
  new Map(world).set(holder, { ...shelfOf(world, holder), holds })

const withHold = (world: World, holder: string, id: string, hold: Hold): World =>
  withHolds(world, holder, new Map(shelfOf(world, holder).holds).set(id, hold))

const withoutHold = (world: World, holder: string, id: string): World =>
  withHolds(world, holder, new Map([...shelfOf(world, holder).holds].filter(([h]) => h !== id)))

/** Lets go of holds that nobody has renewed in time: the oldest first, so many at once. */
export function withoutExpired(world: World, limits: readonly Limit[], at: number): World {
  return holdersOf(limits).reduce((before, holder) => {
    const expired = [...shelfOf(before, holder).holds]
      .filter(([, { untilMs }]) => untilMs <= at)
      .sort(([a, one], [b, other]) => one.untilMs - other.untilMs || (a < b ? -1 : 1))
    return expired.slice(0, MOST_AT_ONCE).reduce((now, [id, { of }]) => {
      const released = of.reduce((then, { limit, amount }) => {
        const bucket = found(then, limit)
        return bucket ? withBucket(then, limit, holding(bucket, -amount)) : then
      }, now)
      return withoutHold(released, holder, id)
    }, before)
  }, world)
}

/** Buckets that are not there though there may have been something in them. */
export const missing = (world: World, limits: readonly Limit[]): Limit[] =>
  limits.filter((limit) => isLasting(limit) && !found(world, limit))

/** Decides about a request by the rules alone. */
export function admitted(
  world: World,
  { id, limits, demands }: Admission,
  at: number,
  untilMs: number,
): Judgement {
  const now = limits.map((limit) => {
    const [bucket, shape] = [
      drained(found(world, limit) ?? EMPTY, shapeOf(limit), at),
      shapeOf(limit),
    ]
    return { limit, shape, bucket, fitted: fits(bucket, shape, demands[limit.unit].need) }
  })
  if (now.some(({ limit, fitted }) => !limit.shadow && !fitted))
    return { world, reservation: null, states: now }

  const most = (unit: Unit): number =>
    now
      .filter(({ limit }) => limit.unit === unit && !limit.shadow)
      .reduce((least, { bucket, shape }) => Math.min(least, roomIn(bucket, shape)), Infinity)
  const granted = amounts((unit) => Math.min(demands[unit].want, most(unit)))
  const states = now.map(({ limit, shape, bucket, fitted }) => {
    if (!fitted) return { fitted, bucket: { ...bucket, refusals: bucket.refusals + 1 } }
    const amount = granted[limit.unit]
    return {
      fitted,
      bucket: isReserved(limit) ? holding(bucket, amount) : charged(bucket, shape, amount),
    }
  })
  const counted = limits.filter((_, i) => now[i]?.fitted)
  const taken = limits.reduce(
    (w, limit, i) => withBucket(w, limit, states[i]?.bucket ?? EMPTY),
    world,
  )
  const reservation = { id, granted, limits: counted }
  return { reservation, states, world: kept(taken, [reservation], untilMs, { isNew: true }) }
}

/** Writes down what running requests hold; what is not known to be held is held from then on. */
export function kept(
  world: World,
  reservations: readonly Reservation[],
  untilMs: number,
  { isNew = false } = {},
): World {
  return reservations.reduce((before, reservation) => {
    return holdersOf(reservation.limits).reduce((now, holder) => {
      const of = heldOf(reservation, holder)
      if (
        of.length === 0 ||
        missing(
          now,
          of.map(({ limit }) => limit),
        ).length > 0
      )
        return now
      const isKnown = isNew || shelfOf(now, holder).holds.has(reservation.id)
      const held = withHold(now, holder, reservation.id, { untilMs, of })
      if (isKnown) return held
      return of.reduce(
        (then, { limit, amount }) =>
          withBucket(then, limit, holding(found(then, limit) ?? EMPTY, amount)),
        held,
      )
    }, before)
  }, world)
}

const heldOf = ({ granted, limits }: Reservation, holder: string): Hold['of'] =>
  limits
    .filter((limit) => limit.holder === holder && isReserved(limit))
    .map((limit) => ({ limit, amount: granted[limit.unit] }))

/** Of these, those that hold something of a bucket that is missing. */
export const unkeepable = (world: World, reservations: readonly Reservation[]): Reservation[] =>
  reservations.filter(({ limits }) => missing(world, limits.filter(isReserved)).length > 0)

/** Puts what a request used in the place of what it holds. */
export function settled(
  world: World,
  { id, granted, limits }: Reservation,
  charges: Amounts,
  { at, isRetry }: { readonly at: number; readonly isRetry: boolean },
): World {
  return holdersOf(limits).reduce((before, holder) => {
    const wasHeld = shelfOf(before, holder).holds.has(id)
    if (isRetry && !wasHeld) return before
    const own = limits.filter((limit) => limit.holder === holder)
    return own.reduce(
      (now, limit) => {
        const amount = charges[limit.unit]
        if (!isReserved(limit) && amount === 0) return now
        if (missing(now, [limit]).length > 0) return now
        const bucket = drained(found(now, limit) ?? EMPTY, shapeOf(limit), at)
        const isFreed = wasHeld && isReserved(limit)
        const freed = isFreed ? holding(bucket, -granted[limit.unit]) : bucket
        return withBucket(now, limit, charged(freed, shapeOf(limit), amount))
      },
      wasHeld ? withoutHold(before, holder, id) : before,
    )
  }, world)
}

/** Puts back buckets that are not there. */
export const rebuilt = (
  world: World,
  limits: readonly Limit[],
  was: (limit: Limit) => Bucket,
): World =>
  limits.reduce(
    (now, limit) => (found(now, limit) ? now : withBucket(now, limit, was(limit))),
    world,
  )

export const amounts = (of: (unit: Unit) => number): Record<Unit, number> =>
  Object.fromEntries(UNITS.map((unit) => [unit, of(unit)])) as Record<Unit, number>

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
