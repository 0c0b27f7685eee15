import { charged, drained, EMPTY, fits, holding, waitMs } from '../domain/bucket.ts'
import { type Rule, shapeOf } from '../domain/limit.ts'
import { isHeld } from './limiter.ts'

/** A request of the past, with what it used of the rule's unit, as buckets count it. */
export interface PastRequest {
  readonly startedAt: number
  readonly endedAt: number
  readonly amount: number
}

export interface Replay {
  /**
   * Offers the next request, none of which may have started before the one before. Null when the
   * rule lets it in; for a refusal the first moment, in epoch ms, at which it would have fitted if
   * nothing else had come, which is null when it alone is more than the limit.
   */
  offer(request: PastRequest): { readonly letInAt: number | null } | null
}

interface Running {
  readonly endsAt: number
  readonly amount: number
}

/**
 * One bucket of a rule that never was, from empty: each request needs what it really used, holds it
 * until it ends and is then charged; one that does not fit is refused and uses nothing.
 */
export function createReplay(rule: Rule): Replay {
  const shape = shapeOf(rule)
  const kept = rule.unit === 'concurrent-requests' ? 0 : 1
  /** Those that hold something, by the time at which they end. */
  const running: Running[] = []
  let bucket = EMPTY

  const ended = (before: typeof bucket, { endsAt, amount }: Running) =>
    charged(holding(drained(before, shape, endsAt), -amount), shape, kept * amount)

  function letInAt(amount: number, at: number): number | null {
    if (amount > shape.capacity) return null
    let then = bucket
    let time = at
    for (const next of running) {
      const paidAt = time + waitMs(then, shape, amount, time)
      if (amount <= shape.capacity - then.held && paidAt <= next.endsAt) return paidAt
      then = ended(then, next)
      time = next.endsAt
    }
    return time + waitMs(then, shape, amount, time)
  }

  return {
    offer({ startedAt, endedAt, amount }) {
      while (running[0] && running[0].endsAt <= startedAt) {
        bucket = ended(bucket, running[0])
        running.shift()
      }
      bucket = drained(bucket, shape, startedAt)
      if (!fits(bucket, shape, amount)) return { letInAt: letInAt(amount, startedAt) }
      if (!isHeld(rule.unit)) {
        bucket = charged(bucket, shape, amount)
        return null
      }
      bucket = holding(bucket, amount)
      const endsAt = Math.max(startedAt, endedAt)
      const before = running.findLastIndex((other) => other.endsAt <= endsAt)
      running.splice(before + 1, 0, { endsAt, amount })
      return null
    },
  }
}
