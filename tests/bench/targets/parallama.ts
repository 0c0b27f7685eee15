import { join } from 'node:path'
import { freePort } from '../child.ts'
import { native } from '../dialects/native.ts'
import { EIGHT_RULES } from '../limits.ts'
import { startRedis } from '../redis.ts'
import { startProxy } from './proxy.ts'
import type { Target, TargetPlace } from './target.ts'

const CLI = join(import.meta.dir, '..', '..', '..', 'cli', 'main.ts')

/** Parallama as shipped: a user, a key, the embedded database, everything on, no limits set. */
export const startParallama = (place: TargetPlace): Promise<Target> =>
  startGateway(place, { name: 'parallama' })

/** The same with eight rules for the user, kept in memory. */
export const startWithLimits = (place: TargetPlace): Promise<Target> =>
  startGateway(place, { name: 'limits-memory', rules: EIGHT_RULES })

/** The same with eight rules, kept in a Redis of its own. */
export async function startWithRedis(place: TargetPlace): Promise<Target> {
  const redis = await startRedis()
  try {
    const target = await startOnRedis(place, redis.url)
    const stop = async () => {
      await target.stop()
      await redis.stop()
    }
    return { ...target, redis, stop }
  } catch (err) {
    await redis.stop()
    throw err
  }
}

/** The same on a Redis that is there already. */
export const startOnRedis = (place: TargetPlace, redisUrl: string): Promise<Target> =>
  startGateway(place, {
    name: 'limits-redis',
    rules: EIGHT_RULES,
    env: { PARALLAMA_REDIS_URL: redisUrl },
  })

/** How one Parallama differs from the others: its user is called as it is. */
export type Variant = { name: string; rules?: readonly string[]; env?: Record<string, string> }

/** Starts a Parallama with a user of its own, their key and their limits. */
export async function startGateway(place: TargetPlace, variant: Variant): Promise<Target> {
  const { name, rules = [] } = variant
  const port = freePort()
  const env = {
    PARALLAMA_HOST: '127.0.0.1',
    PARALLAMA_PORT: String(port),
    PARALLAMA_DATA_DIR: join(place.dir, name),
    PARALLAMA_OLLAMA_URLS: place.upstreams.map((mock) => mock.url.origin).join(','),
    ...variant.env,
  }
  runCli(env, ['user', 'create', name, '--role', 'premium'])
  const key = readKey(runCli(env, ['key', 'generate', name, '--json']))
  if (rules.length > 0) runCli(env, ['ratelimit', 'set', name, '*', ...rules])
  const base = `http://127.0.0.1:${port}`
  const headers = { authorization: `Bearer ${key}` }
  const started = await startProxy(place, {
    name,
    command: [process.execPath, CLI, 'serve'],
    env,
    endpoint: { url: new URL(native.path, base), headers },
    readyUrl: new URL('/livez', base),
  })
  return { ...started, gateway: { origin: base, env, headers } }
}

function runCli(env: Record<string, string>, args: readonly string[]): string {
  const ran = Bun.spawnSync([process.execPath, CLI, ...args], {
    env: { ...process.env, ...env },
    stdin: 'ignore',
  })
  if (ran.success) return ran.stdout.toString()
  throw new Error(`parallama ${args.join(' ')} failed:\n${ran.stderr.toString().slice(-2000)}`)
}

function readKey(json: string): string {
  const made: unknown = JSON.parse(json)
  if (typeof made === 'object' && made && 'key' in made) return String(made.key)
  throw new Error(`key generate --json printed no key: ${json.slice(0, 200)}`)
}
