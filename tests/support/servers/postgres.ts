import { join } from 'node:path'
import { unprivilegedAccount } from './account.ts'
import { ask } from './ask.ts'
import { findPostgres } from './binaries.ts'
import { type ControlledServer, type ServerKind, startControlled } from './controlled.ts'
import { readLog, runSupervised, temporaryDirectory } from './supervised.ts'

/** Settings that give up durability, which no test needs, for speed. */
const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'shared_buffers=32MB',
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'autovacuum=off',
  'jit=off',
  'logging_collector=off',
  'log_min_messages=warning',
]

const parameters = '\0\x03\0\0user\0parallama\0database\0postgres\0\0'

/** The start-up message of protocol 3.0 for our own servers, which answer it with `R` at once. */
export const postgresGreeting = `\0\0\0${String.fromCharCode(parameters.length + 4)}${parameters}`

/**
 * Starts a PostgreSQL of our own, with these settings over the tests', or says why there is none.
 * Throws when it fails to start.
 */
export async function startPostgres(
  more: readonly string[] = [],
): Promise<ControlledServer | { readonly skip: string }> {
  const binaries = await findPostgres()
  if (!binaries) {
    return {
      skip:
        'no PostgreSQL: set PARALLAMA_TEST_POSTGRES_URL, or install its server ' +
        '(postgres and initdb were looked for in PATH and /usr/lib/postgresql/*/bin)',
    }
  }
  return startControlled(await createCluster(binaries, [...settings, ...more]))
}

async function createCluster(binaries: string, wanted: readonly string[]): Promise<ServerKind> {
  const account = await unprivilegedAccount()
  const directory = await temporaryDirectory('parallama-postgres-', account)
  const data = join(directory, 'data')
  const initdb = runSupervised({
    command: [
      join(binaries, 'initdb'),
      ...['-D', data, '-U', 'parallama', '-A', 'trust', '-E', 'UTF8'],
      ...['--locale=C', '--no-sync', '--no-instructions'],
    ],
    directory,
    account,
    onOrphaned: 'KILL',
  })
  if ((await initdb.exited) !== 0) throw new Error(`initdb failed:\n${await readLog(directory)}`)
  return {
    name: 'PostgreSQL',
    directory,
    account,
    signals: { orderly: 'INT', crash: 'QUIT' },
    command: (port) => [
      join(binaries, 'postgres'),
      ...['-D', data, '-p', String(port)],
      ...wanted.flatMap((setting) => ['-c', setting]),
    ],
    url: (port) => `postgres://parallama@127.0.0.1:${port}/postgres`,
    answers,
  }
}

async function answers(port: number): Promise<boolean> {
  return (await ask(port, postgresGreeting)).startsWith('R')
}
