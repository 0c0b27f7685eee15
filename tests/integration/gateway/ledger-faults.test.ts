import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { openDatabase } from '../../../db/client.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'
import type { ControlledServer } from "../../support/servers/controlled.ts"
import { ownPostgres } from '../../support/servers.ts'

const SHORT = { ...CHAT, stream: false }
/** How long an answer is held back at most for a database in trouble, in ms, with some room. */
const HELD_AT_MOST_MS = 500

/** Chats one after another until told to stop; every one of them must be served. */
function keepAsking(stage: Stage) {
  let isOver = false
  let served = 0
  const asking = (async () => {
    while (!isOver) {
      const response = await stage.post('/ollama/api/chat', served % 2 ? CHAT : SHORT)
      const text = await response.text()
      expect([response.status, text]).toEqual([200, expect.stringContaining('"done":true')])
      served++
    }
  })()
  return {
    get served() {
      return served
    },
    async end(): Promise<number> {
      isOver = true
      await asking
      return served
    },
  }
}

async function untilMore(asking: { readonly served: number }, more: number): Promise<void> {
  const wanted = asking.served + more
  while (asking.served < wanted) await Bun.sleep(5)
}

describe('when the SQLite file is locked by another process', () => {
  test('the last record waits for the row, and comes when the row is in', async () => {
    await using stage = await setStage()
    await (await stage.post('/ollama/api/chat', SHORT)).text()
    const other = new Database(stage.gateway.databaseUrl.slice('sqlite:'.length))
    const reader = readRecords(await stage.post('/ollama/api/chat', CHAT))
    other.run('begin immediate')
    let record = await reader.next()
    let count = 0
    const last = (async () => {
      while (record && !record.done) {
        count++
        record = await reader.next()
      }
      return record
    })()
    expect(await Promise.race([last, Bun.sleep(100)])).toBeUndefined()
    expect(count).toBe(6)
    other.run('commit')
    other.close()
    expect(await last).toMatchObject({ done: true })
    expect(await stage.gateway.usageOf(stage.user)).toHaveLength(2)
  })

  test('nobody waits for long, and the row is written when the lock is gone', async () => {
    await using stage = await setStage()
    await (await stage.post('/ollama/api/chat', SHORT)).text()
    const other = new Database(stage.gateway.databaseUrl.slice('sqlite:'.length))
    other.run('begin immediate')
    const began = performance.now()
    await (await stage.post('/ollama/api/chat', SHORT)).text()
    expect(performance.now() - began).toBeLessThan(HELD_AT_MOST_MS)
    other.run('commit')
    other.close()
    await stage.gateway.stop()
    // stop() has removed the file with its folder; the log says whether a row was given up.
    expect(stage.gateway.log.map(({ message }) => message)).not.toContain('usage row not stored')
  })
})

const server: ControlledServer | { readonly skip: string } = await ownPostgres()

describe.skipIf('skip' in server)('when PostgreSQL goes away under load', () => {
  const postgres = server as ControlledServer

  test.each(['orderly', 'crash'] as const)(
    '(%s) answers go on, and no row is lost or doubled',
    async (how) => {
      const sql = openDatabase(postgres.url)
      await sql.close()
      await using stage = await setStage({ database: postgres })
      const asking = keepAsking(stage)
      await untilMore(asking, 10)
      await postgres.stop(how)
      await untilMore(asking, 6)
      expect((await stage.get('/readyz')).status).toBe(503)
      const unknown = await stage.get('/ollama/api/tags', { as: { ...stage.user, key: otherKey } })
      expect(unknown.status).toBe(503)
      expect(await unknown.json()).toMatchObject({ code: 'database_unavailable' })
      expect(unknown.headers.get('retry-after')).toBe('2')
      await postgres.start()
      await untilMore(asking, 10)
      const served = await asking.end()
      await stage.gateway.accounted(served)
      await untilRows(stage, served)
      const rows = await stage.gateway.usageOf(stage.user)
      expect(rows).toHaveLength(served)
      expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(served)
      expect(rows.every(({ outcome }) => outcome === 'completed')).toBeTrue()
      expect((await stage.get('/readyz')).status).toBe(200)
    },
  )
})

/** Well-formed, and nobody's. */
const otherKey = 'plk_0000000000000000000000000000000000000000000000000000000000000'

async function untilRows(stage: Stage, count: number): Promise<void> {
  const deadline = Date.now() + 5000
  const rows = async () => (await stage.gateway.usageOf(stage.user)).length
  while ((await rows()) < count && Date.now() < deadline) await Bun.sleep(50)
}
