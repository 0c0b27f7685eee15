import { join } from 'node:path'
import postgres from 'postgres'
import { unprivilegedAccount } from './account.ts'
import { findPostgres } from './binaries.ts'
import { type ControlledServer, type ServerKind, startControlled } from './controlled.ts'
import { temporaryDirectory } from './supervised.ts'

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

/** Starts a PostgreSQL of our own, or says why there is none. Throws when it fails to start. */
export async function startPostgres(): Promise<ControlledServer | { readonly skip: string }> {
  const binaries = await findPostgres()
  if (!binaries) {
    return {
      skip:
        'no PostgreSQL: set PARALLAMA_TEST_POSTGRES_URL, or install its server ' +
        '(postgres and initdb were looked for in PATH and /usr/lib/postgresql/*/bin)',
    }
  }
  return startControlled(await createCluster(binaries))
}

async function createCluster(binaries: string): Promise<ServerKind> {
  const account = await unprivilegedAccount()
  const directory = await temporaryDirectory('parallama-postgres-', account)
  const data = join(directory, 'data')
  const initdb = Bun.spawn(
    [
      join(binaries, 'initdb'),
      ...['-D', data, '-U', 'parallama', '-A', 'trust', '-E', 'UTF8'],
      ...['--locale=C', '--no-sync', '--no-instructions'],
    ],
    { cwd: directory, stdout: 'ignore', stderr: 'pipe', ...account },
  )
  if ((await initdb.exited) !== 0) {
    throw new Error(`initdb failed:\n${await initdb.stderr.text()}`)
  }
  return {
    name: 'PostgreSQL',
    directory,
    account,
    signals: { orderly: 'INT', crash: 'QUIT' },
    command: (port) => [
      join(binaries, 'postgres'),
      ...['-D', data, '-p', String(port)],
      ...settings.flatMap((setting) => ['-c', setting]),
    ],
    url: (port) => `postgres://parallama@127.0.0.1:${port}/postgres`,
    answers: (port) => answers(`postgres://parallama@127.0.0.1:${port}/postgres`),
  }
}

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} })
  try {
    await sql`select 1`
    return true
  } catch {
    // Not up yet; the caller asks again.
    return false
  } finally {
    await sql.end({ timeout: 1 })
  }
}
