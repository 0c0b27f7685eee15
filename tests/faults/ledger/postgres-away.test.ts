import { afterAll, describe, expect, test } from 'bun:test'
import { sql } from 'kysely'
import { openDatabase } from '../../../db/client.ts'
import { setStage } from '../../support/gateway/stage.ts'
import type { ControlledServer } from '../../support/servers/controlled.ts'
import { ownPostgres } from '../../support/servers.ts'
import { BALANCED, imbalance } from './balance.ts'
import { askOnAndOn, type Seen } from './clients.ts'

/** How long PostgreSQL is away; a minute is how long keys are served that it can't confirm. */
const AWAY_MS = Number(Bun.env.PARALLAMA_TEST_OUTAGE_SECONDS ?? 8) * 1000
/** How soon after its return it has the rows of a moment, and those of a minute, in ms. */
const PAID_BACK_MS = 5000
const ALL_PAID_BACK_MS = 30_000
const CLIENTS = 16
const WARM_MS = 500

const server = await ownPostgres()

describe.skipIf('skip' in server)('PostgreSQL', () => {
  const database = server as ControlledServer
  afterAll(() => database.dispose())

  test.each(['orderly', 'crash'] as const)(
    'is away: inference goes on, and no row is lost or doubled (%s)',
    async (how) => {
      // The tests' servers answer before they have written anything, which no real one may.
      await using stage = await setStage({
        database: { url: `${database.url}?synchronous_commit=on` },
      })
      const { gateway, ollama, user } = stage
      const store = openDatabase(database.url)
      await store.db.deleteFrom('requests').execute()
      await store.db.deleteFrom('usage_hourly').execute()
      const seen: Seen = { finished: new Set(), cut: 0 }
      let isOver = false
      const { url } = gateway
      const options = { url: () => url, user, clients: CLIENTS, until: () => isOver }
      const asking = askOnAndOn(options, seen)

      await Bun.sleep(WARM_MS)
      await database.stop(how)
      await Bun.sleep(WARM_MS)
      const before = seen.finished.size
      await Bun.sleep(AWAY_MS - WARM_MS)
      expect(seen.finished.size - before).toBeGreaterThan(CLIENTS)
      expect(seen.cut).toBe(0)
      await database.start()
      const began = performance.now()
      await Bun.sleep(WARM_MS)
      isOver = true
      await asking
      const missing = async () => (await imbalance(store.db, ollama, seen.finished)).lost.length
      while ((await missing()) > 0 && performance.now() - began < ALL_PAID_BACK_MS)
        await Bun.sleep(500)
      expect(await imbalance(store.db, ollama, seen.finished)).toEqual(BALANCED)
      await store.close()
    },
    AWAY_MS + 60_000,
  )

  test('fails over to one that can only be read at first: rows wait until it can be written', async () => {
    await using stage = await setStage({ database })
    const { gateway, ollama, user } = stage
    const store = openDatabase(`${database.url}?default_transaction_read_only=off`)
    await store.db.deleteFrom('requests').execute()
    await store.db.deleteFrom('usage_hourly').execute()
    const failOver = async (isReadOnly: boolean): Promise<void> => {
      const value = sql.lit(isReadOnly ? 'on' : 'off')
      await sql`alter system set default_transaction_read_only = ${value}`.execute(store.db)
      await sql`select pg_reload_conf()`.execute(store.db)
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
                  where backend_type = 'client backend' and pid <> pg_backend_pid()`.execute(
        store.db,
      )
    }
    const seen: Seen = { finished: new Set(), cut: 0 }
    let isOver = false
    const options = { url: () => gateway.url, user, clients: CLIENTS, until: () => isOver }
    const asking = askOnAndOn(options, seen)
    await Bun.sleep(WARM_MS)
    await failOver(true)
    await Bun.sleep(4 * WARM_MS)
    await failOver(false)
    const began = performance.now()
    await Bun.sleep(WARM_MS)
    isOver = true
    await asking
    const missing = async () => (await imbalance(store.db, ollama, seen.finished)).lost.length
    while ((await missing()) > 0) await Bun.sleep(100)
    expect(performance.now() - began).toBeLessThan(PAID_BACK_MS)
    expect(await imbalance(store.db, ollama, seen.finished)).toEqual(BALANCED)
    expect(seen.cut).toBe(0)
    await store.close()
  }, 60_000)
})
