import { GatewayError } from '../errors/gateway-error.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MAX_DESCRIPTION = 200
const MAX_MS = 3650 * DAY_MS

/** How long a key goes on working when it has been replaced, unless somebody says otherwise; in ms. */
export const DEFAULT_GRACE_MS = 7 * DAY_MS

/** How often a key is replaced and how long it then goes on working, both in ms. */
export interface RotationPlan {
  readonly everyMs: number
  readonly graceMs: number
}

/** Throws invalid for a description that can't be kept or shown. */
export function checkDescription(description: string): void {
  if (description.length <= MAX_DESCRIPTION && !/\p{Cc}/u.test(description)) return
  throw new GatewayError(
    'invalid',
    `a description has at most ${MAX_DESCRIPTION} characters, and no control characters`,
  )
}

/**
 * When a key is to be replaced; null for one that is not. Without a grace it is a week, or half of the
 * time from one key to the next where that is shorter. Throws invalid for times out of bounds.
 */
export function checkedPlan(
  everyMs: number | undefined,
  graceMs: number | undefined,
): RotationPlan | null {
  if (everyMs === undefined) {
    if (graceMs === undefined) return null
    throw new GatewayError(
      'invalid',
      'a grace without a rotation has no meaning; say how often the key is to be replaced',
    )
  }
  if (!Number.isSafeInteger(everyMs) || everyMs < HOUR_MS || everyMs > MAX_MS) {
    throw new GatewayError(
      'invalid',
      'a key can be replaced every hour at most, every 10 years at least',
    )
  }
  const grace = graceMs ?? Math.min(DEFAULT_GRACE_MS, Math.floor(everyMs / 2))
  checkGrace(grace)
  if (grace < everyMs) return { everyMs, graceMs: grace }
  throw new GatewayError(
    'invalid',
    'the grace must be shorter than the time from one key to the next; else old keys would pile up',
  )
}

/** Throws invalid for a time that a replaced key can't go on working, in ms. */
export function checkGrace(graceMs: number): void {
  if (Number.isSafeInteger(graceMs) && graceMs >= 0 && graceMs <= MAX_MS) return
  throw new GatewayError('invalid', 'a grace is a time from nothing to 10 years')
}
