import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where distributions keep PostgreSQL's server binaries, which are often not in PATH. */
const postgresFolders = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/usr/local/pgsql/bin',
  '/opt/homebrew/opt/postgresql*/bin',
]

/** The directory with `postgres` and `initdb`: from PATH, else the newest version installed. */
export async function findPostgres(): Promise<string | undefined> {
  const inPath = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '')
  const installed = await Array.fromAsync(postgresFolders, listFolders)
  const newestFirst = installed.flat().sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  return [...inPath, ...newestFirst].find((folder) =>
    ['postgres', 'initdb'].every((name) => existsSync(join(folder, name))),
  )
}

/** The path of `redis-server` or `valkey-server`. */
export function findRedis(): string | undefined {
  return Bun.which('redis-server') ?? Bun.which('valkey-server') ?? undefined
}

function listFolders(pattern: string): string[] {
  return [...new Bun.Glob(pattern.slice(1)).scanSync({ cwd: '/', onlyFiles: false })].map(
    (found) => `/${found}`,
  )
}
