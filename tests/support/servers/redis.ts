import { ask } from './ask.ts'
import { findRedis } from './binaries.ts'
import { type ControlledServer, startControlled } from './controlled.ts'
import { temporaryDirectory } from './supervised.ts'

/** Starts a Redis of our own that keeps nothing on disk unless told to, or says why there is none. */
export async function startRedis(
  options: readonly string[] = [],
): Promise<ControlledServer | { readonly skip: string }> {
  const binary = findRedis()
  if (!binary) {
    return {
      skip:
        'no Redis: set PARALLAMA_TEST_REDIS_URL, or install it ' +
        '(redis-server and valkey-server were looked for in PATH)',
    }
  }
  const directory = await temporaryDirectory('parallama-redis-', undefined)
  return startControlled({
    name: 'Redis',
    directory,
    account: undefined,
    signals: { orderly: 'TERM', crash: 'KILL' },
    command: (port) => [
      binary,
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', directory],
      ...['--save', '', '--appendonly', 'no'],
      ...options,
    ],
    url: (port) => `redis://127.0.0.1:${port}`,
    answers: async (port) => (await ask(port, 'PING\r\n')).startsWith('+PONG'),
  })
}
