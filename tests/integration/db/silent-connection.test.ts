import { expect, test } from 'bun:test'
import { sql } from 'kysely'
import { openDatabase } from '../../../db/client.ts'
import { migrateUp } from '../../../db/migrate.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { freshDatabase, postgresForTests } from '../../support/servers.ts'
import { openSilentProxy } from './silent-proxy.ts'

const PATIENT_MS = 60_000

/** A database by way of a proxy, and by itself. */
async function stage({ delayMs = 0 } = {}) {
  const database = await freshDatabase()
  if ('skip' in database) throw new Error(database.skip)
  const direct = openDatabase(database.url)
  await migrateUp(direct.db)
  const { hostname, port } = new URL(database.url)
  const proxy = await openSilentProxy({ host: hostname, port: Number(port), delayMs })
  const url = new URL(database.url)
  url.host = `127.0.0.1:${proxy.port}`
  const handle = openDatabase(url.href)
  return {
    direct,
    proxy,
    handle,
    async [Symbol.asyncDispose]() {
      await handle.close()
      await proxy[Symbol.asyncDispose]()
      await direct.close()
      await database.drop()
    },
  }
}

const isMissing = 'skip' in (await postgresForTests())

test.skipIf(isMissing).each(['all', 'answers'] as const)(
  'connections that are silent are given up, and the next statement has another (%s lost)',
  async (what) => {
    await using database = await stage()
    const { handle, proxy, direct } = database
    await insertRequests(handle, [requestRow()])
    await Promise.all(Array.from({ length: 10 }, () => readRevision(handle.db)))
    proxy.silence(what)
    const [first, second] = [requestRow(), requestRow()]
    const both = await Promise.allSettled(
      [first, second].map((row) => insertRequests(handle, [row])),
    )
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await insertRequests(handle, [first, second])
    const rows = await direct.db.selectFrom('requests').select('id').execute()
    expect(rows).toHaveLength(3)
  },
  PATIENT_MS,
)

test.skipIf(isMissing)(
  'one that takes long to be made is waited for',
  async () => {
    await using database = await stage({ delayMs: 3200 })
    const rows = [requestRow()]
    await insertRequests(database.handle, rows).catch(() => {})
    await insertRequests(database.handle, rows)
    expect(await database.direct.db.selectFrom('requests').select('id').execute()).toHaveLength(1)
  },
  PATIENT_MS,
)

test.skipIf(isMissing)(
  'statements that wait for a lock are refused by the server, and the connection stays',
  async () => {
    await using database = await stage()
    const { handle, direct } = database
    await insertRequests(handle, [requestRow()])
    const pids = async () =>
      (
        await sql<{ pid: number }>`select pid from pg_stat_activity
          where datname = current_database() and query like 'with closed%'`.execute(direct.db)
      ).rows.map(({ pid }) => pid)
    const before = await pids()
    await direct.db.transaction().execute(async (tx) => {
      await sql`lock table requests in access exclusive mode`.execute(tx)
      const both = [requestRow(), requestRow()].map((row) => insertRequests(handle, [row]))
      const [first, second] = await Promise.allSettled(both)
      expect(String(first?.status === 'rejected' && first.reason)).toContain('lock timeout')
      expect(second?.status).toBe('rejected')
    })
    await insertRequests(handle, [requestRow()])
    expect([before.length, await pids()]).toEqual([1, before])
  },
  PATIENT_MS,
)
