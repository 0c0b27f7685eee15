import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import { openDatabase } from '../../../db/client.ts'
import { migrateUp } from '../../../db/migrate.ts'
import { testAdmin } from '../../support/builders.ts'
import { serveProgram } from '../../support/cli-program.ts'
import { startFakeOllama } from '../../support/fake-ollama.ts'
import { ledgerOf } from '../../support/gateway/ledger.ts'
import { createPeople } from '../../support/gateway/people.ts'
import { CHAT } from '../../support/gateway/stage.ts'
import { TEST_SECRET } from '../../support/gateway.ts'
import type { ControlledServer } from '../../support/servers/controlled.ts'
import { ownPostgres } from '../../support/servers.ts'

const server = await ownPostgres()
/** How soon load balancers are told that the database has gone or is back, in ms. */
const NOTICED_WITHIN_MS = 5000

/** Makes a user over a connection that is closed again: only the gateway sees the database die. */
async function makeUser(url: string) {
  const { db, close } = openDatabase(url)
  try {
    await migrateUp(db)
    // As everywhere but in tests: what was committed survives a crash.
    await sql`alter database postgres set synchronous_commit = on`.execute(db)
    return await createPeople(db, testAdmin(db)).user()
  } finally {
    await close()
  }
}

async function rowsOf(url: string, userId: string) {
  const { db, close } = openDatabase(url)
  try {
    return await ledgerOf(db, userId)
  } finally {
    await close()
  }
}

/** Chats one after another on several connections until it is ended; each must be served. */
function keepAsking(url: string, key: string) {
  const failures: string[] = []
  let isOver = false
  let served = 0
  const ask = async (stream: boolean): Promise<void> => {
    const body = JSON.stringify({ ...CHAT, stream })
    const headers = { authorization: `Bearer ${key}` }
    const response = await fetch(`${url}/ollama/api/chat`, { method: 'POST', headers, body })
    const text = await response.text()
    served++
    if (!text.includes('"done":true')) failures.push(`${response.status} ${text}`)
  }
  const asking = [true, false, true].map(async (stream) => {
    while (!isOver) await ask(stream).catch((err: unknown) => failures.push(String(err)))
  })
  return {
    failures,
    async more(count: number) {
      const wanted = served + count
      while (served < wanted && failures.length === 0) await Bun.sleep(5)
    },
    async end(): Promise<number> {
      isOver = true
      await Promise.all(asking)
      return served
    },
  }
}

describe.skipIf('skip' in server)('a PostgreSQL that goes away under load', () => {
  const postgres = server as ControlledServer
  afterAll(() => postgres.dispose())

  test.each(['orderly', 'crash'] as const)('(%s) stops no answer and costs no row', async (how) => {
    const ollama = await startFakeOllama({ numParallel: 8 })
    const user = await makeUser(postgres.url)
    const env = { PARALLAMA_SECRET: TEST_SECRET, PARALLAMA_DATABASE_URL: postgres.url }
    await using serving = await serveProgram(['--ollama-urls', ollama.url], { env })
    const get = (path: string, key: string) =>
      fetch(serving.url + path, { headers: { authorization: `Bearer ${key}` } })

    const untilReady = async (status: number): Promise<void> => {
      const deadline = Date.now() + NOTICED_WITHIN_MS
      const ask = async () => (await get('/readyz', user.key)).status
      while ((await ask()) !== status && Date.now() < deadline) await Bun.sleep(50)
      expect(await ask()).toBe(status)
    }

    const asking = keepAsking(serving.url, user.key)
    await asking.more(20)
    await postgres.stop(how)
    await asking.more(12)
    await untilReady(503)
    expect((await get('/livez', user.key)).status).toBe(200)
    const unknown = await get('/ollama/api/version', mintApiKey(randomBytes).text)
    expect(unknown.status).toBe(503)
    expect(unknown.headers.get('retry-after')).toBe('2')
    expect(await unknown.json()).toMatchObject({ code: 'database_unavailable' })
    // What can't be a key is told without asking the database.
    expect((await get('/ollama/api/version', `${user.key}0`)).status).toBe(401)

    await postgres.start()
    await untilReady(200)
    await asking.more(20)
    const served = await asking.end()
    expect(asking.failures).toEqual([])
    const { code, stderr } = await serving.stop()
    expect(code).toBe(0)
    expect(stderr.split('\n').filter((line) => line.includes('usage row not stored'))).toEqual([])

    const rows = await rowsOf(postgres.url, user.id)
    expect(rows).toHaveLength(served)
    expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(served)
    expect(rows.every(({ outcome }) => outcome === 'completed')).toBeTrue()
    await ollama.stop()
  })
})
