import { describeAddress } from './config.ts'
import { StartupError } from './errors/startup-error.ts'
import { connectRedis, type RedisLink } from './limits/redis-link.ts'
import type { Log } from './log.ts'
import type { Config } from './settings.ts'

type RedisUrl = NonNullable<Config['redisUrl']>

/** Connects to the configured Redis, or throws a StartupError that says in one line what is wrong. */
export async function openRedis(url: RedisUrl, log: Log): Promise<RedisLink> {
  try {
    return await connectRedis(url.reveal(), log)
  } catch (err) {
    throw explainRedis(err, url)
  }
}

/** What went wrong with Redis at the start, as one line for the operator. */
export const explainRedis = (err: unknown, url: RedisUrl): StartupError =>
  new StartupError(
    `Redis at ${describeAddress(url)} can't be used${reason(err)}; check redis_url, its user and password, and that it is running`,
    { cause: err },
  )

/** Warns of a Redis that throws away what it should keep: limits would have to be rebuilt all the time. */
export async function warnOfEviction(redis: RedisLink, log: Log): Promise<void> {
  // Who may not ask is not told.
  const info = String(await redis.send(['INFO', 'memory']).catch(() => ''))
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
  if (policy === 'noeviction' || /^maxmemory:0\s/m.test(info)) return
  log.warn({ policy }, 'Redis may evict limits; set its maxmemory-policy to noeviction')
}

/** What Redis or the system said, in words; never the address, which may hold a password. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/silent/, 'no answer within 40 ms'],
  [/ECONNREFUSED/, 'connection refused'],
  [/ENOTFOUND|EAI_AGAIN/, 'no such host'],
  [/NOAUTH/, 'it wants a password'],
  [/without any password configured/, 'it knows no password'],
  [/WRONGPASS|invalid (username-)?password/i, 'wrong user or password'],
  [/NOPERM/, 'this user may not do what is needed'],
  [/READONLY/, 'it is a read-only replica'],
  [/OOM/, 'it has no memory left'],
  [/LOADING/, 'it is still loading its data'],
  [/DB index/, 'no such database'],
  [/closed unexpectedly/, 'it hung up, as something that is no Redis would'],
  [/time(d )?out|silent for/i, 'no answer'],
]

function reason(err: unknown): string {
  const text = `${err instanceof Error && 'code' in err ? err.code : ''} ${String(err)}`
  const known = REASONS.find(([pattern]) => pattern.test(text))
  return known ? ` (${known[1]})` : ''
}
