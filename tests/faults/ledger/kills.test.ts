import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import type { Flags } from '../../../app/config.ts'
import { startReplica } from '../../integration/limits/replicas.ts'
import { testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { startFakeOllama } from '../../support/fake-ollama.ts'
import { createPeople } from '../../support/gateway/people.ts'
import { TEST_SECRET } from '../../support/gateway.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { BALANCED, imbalance } from './balance.ts'
import { askOnAndOn, type Seen } from './clients.ts'

const ANSWERS = 10_000
const KILLS = 50
const CLIENTS = 32
/** How long a gateway may live at most before it is killed, in ms. */
const LIFE_MS = 300
/** How soon after its start the last gateway has closed what those before it had left, in ms. */
const TAKEN_OVER_MS = 30_000
const PATIENT_MS = 240_000

const folders = [temporaryFolder(), temporaryFolder()]

await describeEachDatabase('a gateway that is killed again and again', (openFresh) => {
  test(
    'loses no row, doubles none, and counts what its host counts',
    async () => {
      const { url: databaseUrl, db } = await openFresh()
      const ollama = await startFakeOllama({ numParallel: 64 })
      const dataDir = folders.pop() ?? ''
      const flags: Flags = {
        dataDir,
        databaseUrl,
        secret: TEST_SECRET,
        ollamaUrls: [ollama.url],
        drainTimeoutSeconds: 0,
      }
      const user = await createPeople(db, testAdmin(db)).user()
      let gateway = await startReplica({ ...flags, port: 0 })
      const { port, url } = gateway
      const seen: Seen = { finished: new Set(), cut: 0 }
      let kills = 0
      const until = () => kills >= KILLS && seen.finished.size >= ANSWERS
      const asking = askOnAndOn({ url: () => url, user, clients: CLIENTS, until }, seen)
      while (kills < KILLS) {
        const share = seen.finished.size / ANSWERS
        if (share >= kills / KILLS) {
          await Bun.sleep(Math.random() * LIFE_MS)
          await gateway.kill()
          kills++
          gateway = await startReplica({ ...flags, port })
        } else await Bun.sleep(20)
      }
      await asking
      await ollama.idle()

      const began = performance.now()
      const processes = () => readdirSync(`${dataDir}/journal`).map((name) => name.split('.')[0])
      const left = () => new Set(processes()).size
      while (left() > 1 && performance.now() - began < TAKEN_OVER_MS) await Bun.sleep(100)
      expect(left()).toBe(1)
      expect(await imbalance(db, ollama, seen.finished)).toEqual(BALANCED)
      const expired = await db
        .selectFrom('requests')
        .select('outcome')
        .where('outcome', '=', 'expired')
        .execute()
      expect(expired.length).toBeGreaterThan(0)
      expect(seen.finished.size).toBeGreaterThanOrEqual(ANSWERS)
      await gateway.stop()
      await ollama.stop()
    },
    PATIENT_MS,
  )
})
