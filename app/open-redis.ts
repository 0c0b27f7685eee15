import { describeAddress } from './config.ts'
import { StartupError } from './errors/startup-error.ts'
import { connectRedis, type RedisLink } from './limits/redis-link.ts'
import type { Log } from './log.ts'
import type { Config } from './settings.ts'

/** Connects to the configured Redis, or throws a StartupError that says in one line what is wrong. */
export async function openRedis(
  url: NonNullable<Config['redisUrl']>,
  log: Log,
): Promise<RedisLink> {
  try {
    return await connectRedis(url.reveal(), log)
  } catch (err) {
    throw new StartupError(
      `Redis at ${describeAddress(url)} can't be used${reason(err)}; check redis_url, its user and password, and that it is running`,
      { cause: err },
    )
  }
}

/** What Redis or the system said, in words; never the address, which may hold a password. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'connection refused'],
  [/ENOTFOUND|EAI_AGAIN/, 'no such host'],
  [/NOAUTH/, 'it wants a password'],
  [/WRONGPASS|invalid (username-)?password/i, 'wrong user or password'],
  [/NOPERM/, 'this user may not do what is needed'],
  [/time(d )?out/i, 'no answer'],
]

function reason(err: unknown): string {
  const text = `${err instanceof Error && 'code' in err ? err.code : ''} ${String(err)}`
  const known = REASONS.find(([pattern]) => pattern.test(text))
  return known ? ` (${known[1]})` : ''
}
