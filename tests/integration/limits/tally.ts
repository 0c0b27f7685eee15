import type { Admission, Reservation } from '../../../app/limits/limiter.ts'
import type { Judgement } from './oracle.ts'
import { isHolding, type World } from './world.ts'

const EVENTS = [
  ...(['steps', 'admitted', 'narrowed', 'shadowed', 'refused', 'settled', 'settled late'] as const),
  ...(['expired', 'expired in part', 'rebuilt', 'taken up again', 'changed'] as const),
]

/** How often what has happened, so that a test can tell that it has seen enough. */
export type Tally = Record<(typeof EVENTS)[number], number>

export const newTally = (): Tally => Object.fromEntries(EVENTS.map((event) => [event, 0])) as Tally

/** Counts what became of a request. */
export function noteDecision(
  tally: Tally,
  { reservation, states }: Judgement,
  demands: Admission['demands'],
): void {
  if (!reservation) {
    tally.refused++
    return
  }
  tally.admitted++
  if (states.some(({ fitted }) => !fitted)) tally.shadowed++
  if (reservation.granted.tokens < demands.tokens.want) tally.narrowed++
}

/** Whether a request has lost what it held, because nobody renewed it or because all was lost. */
export const hasLost = (world: World, reservation: Reservation): boolean =>
  reservation.limits.some(({ unit }) => unit !== 'requests') && !isHolding(world, reservation)
