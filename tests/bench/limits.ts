import { ANY, effectiveLimits, type Limit } from '../../app/domain/limit.ts'
import { limitFor } from '../../app/domain/stored-rule.ts'

/** So large that no request is refused, so small that at the bench's rate most buckets fill. */
const EIGHT = [
  ['request-minutely', 'requests', 'minute', 40_000],
  ['request-hourly', 'requests', 'hour', 1_000_000],
  ['request-daily', 'requests', 'day', 10_000_000],
  ['token-minutely', 'tokens', 'minute', 10_000_000],
  ['token-hourly', 'tokens', 'hour', 200_000_000],
  ['token-daily', 'tokens', 'day', 2_000_000_000],
  ['compute-daily', 'compute-seconds', 'day', 100_000],
  ['concurrent', 'concurrent-requests', 'now', 10_000],
] as const

/** Flags of `ratelimit set` for eight rules, all of which apply to each request. */
export const EIGHT_RULES: readonly string[] = EIGHT.flatMap(([flag, , , amount]) => [
  `--${flag}`,
  String(amount),
])

/** The same rules as they apply to one user. */
export const eightLimits = (userId: string): Limit[] =>
  effectiveLimits(
    EIGHT.map(([, unit, window, amount]) =>
      limitFor(userId, {
        ...{ kind: 'user', subject: userId, shared: false, role: null, since: 0 },
        ...{ gateway: ANY, model: ANY, unit, window, amount, shadow: false },
      }),
    ),
  )
