import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, rmSync } from 'node:fs'
import { openDatabase } from '../../../db/client.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'
import type { ControlledServer } from '../../support/servers/controlled.ts'
import { ownPostgres } from '../../support/servers.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const server = await ownPostgres()
const dataDir = temporaryFolder()
/** How long a change takes to be seen by everybody, in ms, with some room. */
const SETTLED_MS = 500
const SHORT = { ...CHAT, stream: false }

async function statusOf(stage: Stage): Promise<number> {
  const response = await stage.post('/ollama/api/chat', SHORT)
  await response.text()
  return response.status
}

describe.skipIf('skip' in server)('when neither the database nor the disk takes a row', () => {
  const database = server as ControlledServer
  afterAll(() => database.dispose())

  test('nothing new is served, until one of them does; what was served is in the ledger then', async () => {
    await using stage = await setStage({
      database: { url: `${database.url}?synchronous_commit=on` },
      settings: { dataDir },
    })
    // What was changed a moment ago, such as who there is, is read again once.
    await Bun.sleep(SETTLED_MS)
    expect(await statusOf(stage)).toBe(200)
    await database.stop('crash')
    rmSync(`${dataDir}/journal`, { recursive: true })
    // That there is nowhere to write is found out by the first that is to be written.
    expect(await statusOf(stage)).toBe(200)
    const refused = await stage.post('/ollama/api/chat', CHAT)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await refused.json()).toMatchObject({ code: 'ledger_unavailable' })
    expect((await fetch(`${stage.gateway.url}/livez`)).status).toBe(200)

    mkdirSync(`${dataDir}/journal`)
    let status = 503
    while (status === 503) status = await statusOf(stage)
    expect(status).toBe(200)
    await database.start()
    const store = openDatabase(database.url)
    const count = async () => (await store.db.selectFrom('requests').select('id').execute()).length
    while ((await count()) < 3) await Bun.sleep(50)
    expect(await statusOf(stage)).toBe(200)
    await store.close()
  })
})
