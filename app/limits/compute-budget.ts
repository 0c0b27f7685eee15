import { NOTHING } from '../domain/limit.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import { computeDemand, NO_DEMANDS } from './demands.ts'
import type { Decision, Limiter, Reservation } from './limiter.ts'
import { computeSpent } from './refusal.ts'

/** How long a host may be busy with one request. */
export interface ComputeBudget {
  /** What has been reserved of its limits so far, in ms. */
  readonly ms: number
  /** Reserves more, as long as there is any; the sooner it is called, the sooner `ms` has grown. */
  extend(): void
  /** What the caller is told when so much was used, in ms, and there is no more; at that time. */
  spent(usedMs: number, at: number): GatewayError
  /** Gives back what was reserved beyond the request's own reservation, which pays for all of it. */
  release(): void
}

/**
 * The budget of an admitted request, or null when no limit on compute time applies to it. How long it
 * will take nobody knows: it reserves a slice at a time, so that those who run at once share what is
 * left instead of each counting on all of it.
 */
export function createComputeBudget(
  { limiter, newId }: { readonly limiter: Limiter; readonly newId: () => string },
  decision: Decision,
  { granted, limits }: Reservation,
): ComputeBudget | null {
  const own = limits.filter(({ unit }) => unit === 'compute-seconds')
  if (!own.some(({ shadow }) => !shadow)) return null
  const demands = { ...NO_DEMANDS, 'compute-seconds': computeDemand(own) }
  const slices: Reservation[] = []
  let ms = granted['compute-seconds']
  let isAsking = false
  let isOver = false

  const ask = async (): Promise<void> => {
    const { reservation } = await limiter.admit({ id: newId(), limits: own, demands })
    if (!reservation) return
    if (isOver) {
      limiter.settle(reservation, NOTHING)
      return
    }
    slices.push(reservation)
    ms += reservation.granted['compute-seconds']
  }

  return {
    get ms() {
      return ms
    },
    extend() {
      if (isAsking || isOver) return
      isAsking = true
      // Not to be had is as good as no more: it is asked again until the time is over.
      ask()
        .catch(() => {})
        .finally(() => {
          isAsking = false
        })
    },
    spent: (usedMs, at) => computeSpent(decision, usedMs, at),
    release() {
      isOver = true
      for (const slice of slices.splice(0)) limiter.settle(slice, NOTHING)
    },
  }
}
