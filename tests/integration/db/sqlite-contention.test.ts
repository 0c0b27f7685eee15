import { expect, test } from 'bun:test'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { openDatabase } from '../../../db/client.ts'
import { listRequests } from '../../../db/queries/requests.ts'
import { findRole } from '../../../db/queries/roles.ts'
import { insertRequests, requestRow, TESTER, testAdmin } from '../../support/builders.ts'
import { describeSqlite } from '../../support/each-database.ts'

const HELD_MS = 1500
const MOST_STALL_MS = 50
const ROWS = 400
/** A busy machine may stall us too; the lock would do so each time. */
const TRIES = { retry: 2 }

function spawnChild(script: string, ...args: string[]) {
  const path = fileURLToPath(new URL(`children/${script}`, import.meta.url))
  return Bun.spawn([process.execPath, path, ...args], { stdin: 'ignore', stdout: 'pipe' })
}

/** Another process that has the write lock by now and lets go of it in a while. */
async function holdWriteLock(url: string): Promise<{ released: Promise<number> }> {
  const child = spawnChild('hold-write-lock.ts', url.slice('sqlite:'.length), String(HELD_MS))
  const { value } = await child.stdout.getReader().read()
  if (!value) throw new Error(`the other process ended with ${await child.exited}`)
  return { released: child.exited }
}

/** Asks for a turn of the event loop again and again; tells the longest wait for one, in ms. */
function watchEventLoop(): { stop: () => number } {
  let longestMs = 0
  let last = performance.now()
  const tick = (): void => {
    const now = performance.now()
    longestMs = Math.max(longestMs, now - last)
    last = now
  }
  const timer = setInterval(tick, 1)
  return {
    stop: () => {
      tick()
      clearInterval(timer)
      return longestMs
    },
  }
}

describeSqlite('a database that another process is writing', (openFresh) => {
  test(
    'never stalls the event loop, goes on being read, and takes the writes in the end',
    TRIES,
    async () => {
      const database = await openFresh()
      const { db, url } = database
      const lock = await holdWriteLock(url)
      const loop = watchEventLoop()
      const startedAt = performance.now()
      let isPending = true
      const writes = Promise.all([
        insertRequests(database, [requestRow()]),
        testAdmin(db).users.create(TESTER, { username: 'anna' }),
      ]).finally(() => {
        isPending = false
      })
      let reads = 0
      while (isPending) {
        expect((await findRole(db, 'admin'))?.name).toBe('admin')
        reads++
        await Bun.sleep(1)
      }
      await writes
      const waitedMs = performance.now() - startedAt
      expect(loop.stop()).toBeLessThan(MOST_STALL_MS)
      expect(await lock.released).toBe(0)
      expect(waitedMs).toBeGreaterThan(HELD_MS / 2)
      expect(reads).toBeGreaterThan(100)
      expect(await listRequests(db, 'user-1', { since: 0, limit: 9 })).toHaveLength(1)
      expect((await testAdmin(db).users.info('anna')).username).toBe('anna')
      expect((await findRole(db, 'basic'))?.description).toBe('held')
    },
  )

  test('is opened without a stall, and read as it was before', TRIES, async () => {
    const { url } = await openFresh()
    const lock = await holdWriteLock(url)
    const loop = watchEventLoop()
    const other = openDatabase(url)
    expect((await findRole(other.db, 'basic'))?.description).not.toBe('held')
    expect(loop.stop()).toBeLessThan(MOST_STALL_MS)
    await other.close()
    expect(await lock.released).toBe(0)
  })

  test('loses no row: two processes with 400 each make 800', async () => {
    const { db, url } = await openFresh()
    const writers = ['a', 'b'].map((prefix) =>
      spawnChild('write-rows.ts', url, prefix, String(ROWS)),
    )
    const acknowledged = await Promise.all(writers.map((writer) => writer.stdout.text()))
    expect(await Promise.all(writers.map((writer) => writer.exited))).toEqual([0, 0])
    const ids = acknowledged.flatMap((lines) => lines.trim().split('\n'))
    expect(ids).toHaveLength(2 * ROWS)
    const stored = await db.selectFrom('requests').select('id').execute()
    expect(stored.map(({ id }) => id).sort()).toEqual(ids.sort())
    const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db)
    expect(rows).toEqual([{ integrity_check: 'ok' }])
  })
})
