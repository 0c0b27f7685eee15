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
import {
  found,
  type Hold,
  holdersOf,
  holdsOf,
  type World,
  withBucket,
  withHold,
  withoutHold,
} from './world.ts'

export interface Judgement {
  readonly world: World
  readonly reservation: Reservation | null
  readonly states: readonly { readonly bucket: Bucket; readonly fitted: boolean }[]
}

/** How many holds of a holder are let go of at once. */
const MOST_AT_ONCE = 32

const isReserved = ({ unit }: Limit): boolean => unit !== 'requests'
/** Whether the ledger can say what was in it. */
const isLasting = ({ window }: Limit): boolean => window === 'hour' || window === 'day'

/** Lets go of holds that nobody has renewed in time, the oldest first. */
export function withoutExpired(world: World, limits: readonly Limit[], at: number): World {
  return holdersOf(limits).reduce((before, holder) => {
    const expired = [...holdsOf(before, holder)]
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

/** Puts back buckets that are not there, with what is held of them. */
export const rebuilt = (
  world: World,
  limits: readonly Limit[],
  was: (limit: Limit) => Bucket,
  at: number,
): World =>
  limits.reduce((now, limit) => {
    if (found(now, limit)) return now
    const held = [...holdsOf(now, limit.holder).values()]
      .flatMap(({ of }) => of)
      .reduce((sum, one) => sum + (one.limit.bucket === limit.bucket ? one.amount : 0), 0)
    return withBucket(now, limit, { ...drained(was(limit), shapeOf(limit), at), held })
  }, world)

/** Decides about a request by the rules for one bucket alone. */
export function admitted(
  world: World,
  { id, limits, demands }: Admission,
  at: number,
  untilMs: number,
): Judgement {
  const now = limits.map((limit) => {
    const shape = shapeOf(limit)
    const bucket = drained(found(world, limit) ?? EMPTY, shape, at)
    return { limit, shape, bucket, fitted: fits(bucket, shape, demands[limit.unit].need) }
  })
  if (now.some(({ limit, fitted }) => !limit.shadow && !fitted))
    return { world, reservation: null, states: now }

  const most = (unit: Unit): number =>
    now
      .filter(({ limit }) => limit.unit === unit && !limit.shadow)
      .reduce((least, { bucket, shape }) => Math.min(least, roomIn(bucket, shape)), Infinity)
  const granted = Object.fromEntries(
    UNITS.map((unit) => [unit, Math.min(demands[unit].want, most(unit))]),
  ) as Record<Unit, number>

  const after = now.map(({ limit, shape, bucket, fitted }) => {
    if (!fitted) return { limit, fitted, bucket: { ...bucket, refusals: bucket.refusals + 1 } }
    const amount = granted[limit.unit]
    const taken = isReserved(limit) ? holding(bucket, amount) : charged(bucket, shape, amount)
    return { limit, fitted, bucket: taken }
  })
  const counted = after.flatMap(({ limit, fitted }) => (fitted ? [limit] : []))
  const reservation = { id, granted, limits: counted }
  const taken = after.reduce((w, { limit, bucket }) => withBucket(w, limit, bucket), world)
  const noted = holdersOf(counted).reduce(
    (w, holder) => withHold(w, holder, id, { untilMs, of: heldOf(reservation, holder) }),
    taken,
  )
  return { reservation, states: after, world: noted }
}

/** Writes down that running requests still hold what they hold, also what is not known of it. */
export function kept(world: World, reservations: readonly Reservation[], untilMs: number): World {
  return reservations.reduce(
    (before, reservation) =>
      holdersOf(reservation.limits).reduce((now, holder) => {
        const of = heldOf(reservation, holder)
        const needed = of.map(({ limit }) => limit)
        if (missing(now, needed).length > 0) return now
        const noted = withHold(now, holder, reservation.id, { untilMs, of })
        if (holdsOf(now, holder).has(reservation.id)) return noted
        return of.reduce((then, { limit, amount }) => {
          return withBucket(then, limit, holding(found(then, limit) ?? EMPTY, amount))
        }, noted)
      }, before),
    world,
  )
}

const heldOf = ({ granted, limits }: Reservation, holder: string): Hold['of'] =>
  limits
    .filter((limit) => limit.holder === holder && isReserved(limit))
    .map((limit) => ({ limit, amount: granted[limit.unit] }))

/** Of these, those that hold something of a bucket that is missing. */
export const unkeepable = (world: World, reservations: readonly Reservation[]): Reservation[] =>
  reservations.filter(({ limits }) => missing(world, limits.filter(isReserved)).length > 0)

/** The limits that a settlement has to do with: a retry only where the request still holds something. */
export const settleable = (world: World, { id, limits }: Reservation, isRetry: boolean): Limit[] =>
  limits.filter(({ holder }) => !isRetry || holdsOf(world, holder).has(id))

/** Puts what a request used in the place of what it holds. */
export function settled(
  world: World,
  { id, granted, limits }: Reservation,
  charges: Amounts,
  { at, isRetry }: { readonly at: number; readonly isRetry: boolean },
): World {
  return holdersOf(limits).reduce((before, holder) => {
    const wasHeld = holdsOf(before, holder).has(id)
    if (isRetry && !wasHeld) return before
    return limits
      .filter((limit) => limit.holder === holder)
      .reduce(
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
