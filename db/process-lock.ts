import { Database } from 'bun:sqlite'
import { rmSync } from 'node:fs'
import { databaseFault } from './codec.ts'

/** A file that one living process has for itself. */
export interface ProcessLock {
  /** Gives it back, and removes the file. */
  release(): void
}

/**
 * Takes the lock of that file, without waiting; null when another process has it. The kernel gives it back
 * when its holder dies, and not while its holder is only held up. It is SQLite's own lock on a database that
 * stays empty. Throws when the file can't be made.
 */
export function takeProcessLock(path: string): ProcessLock | null {
  const database = new Database(path, { create: true, readwrite: true })
  try {
    database.run('pragma journal_mode = memory')
    database.run('begin exclusive')
  } catch (err) {
    database.close()
    if (databaseFault(err) === 'busy') return null
    throw err
  }
  return {
    release() {
      // First the name: else somebody could take the lock in between of a file that is about to go.
      rmSync(path, { force: true })
      database.close()
    },
  }
}
