import { join } from 'node:path'
import { freePort } from '../child.ts'
import { startProxy } from './proxy.ts'
import type { Target, TargetPlace } from './target.ts'

const CLI = join(import.meta.dir, '..', '..', '..', 'cli', 'main.ts')

/** Parallama as shipped: a user, a key, the embedded database, everything on. */
export async function startParallama(place: TargetPlace): Promise<Target> {
  const port = freePort()
  const env = {
    PARALLAMA_HOST: '127.0.0.1',
    PARALLAMA_PORT: String(port),
    PARALLAMA_DATA_DIR: join(place.dir, 'parallama'),
    PARALLAMA_OLLAMA_URLS: place.upstreams.map((mock) => mock.url.origin).join(','),
  }
  runCli(env, ['user', 'create', 'bench'])
  const key = readKey(runCli(env, ['key', 'generate', 'bench', '--json']))
  const base = `http://127.0.0.1:${port}`
  const headers = { authorization: `Bearer ${key}` }
  return startProxy(place, {
    name: 'parallama',
    command: [process.execPath, CLI, 'serve'],
    env,
    endpoint: { url: new URL('/ollama/api/chat', base), headers },
    readyUrl: new URL('/livez', base),
  })
}

function runCli(env: Record<string, string>, args: string[]): string {
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
