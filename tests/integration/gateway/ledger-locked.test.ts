import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { gate } from '../../support/fake-ollama/gate.ts'
import { chatRecords } from '../../support/fake-ollama/records.ts'
import { stream } from '../../support/fake-ollama/script.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'

const SHORT = { ...CHAT, stream: false }
/** How long an answer is held back at most for a database in trouble, in ms, with some room. */
const HELD_AT_MOST_MS = 500
/** How soon a row is in when the database is free again, in ms. */
const WRITTEN_WITHIN_MS = 3000

describe('when the SQLite file is locked by another process', () => {
  test('the last record waits for the row, and comes when the row is in', async () => {
    await using stage = await setStage()
    const records = chatRecords(MODEL, ['one '])
    const final = gate()
    const gates = [Promise.resolve(), final.passed]
    stage.ollama.once('/api/chat', stream(records, { gates }))
    const reader = readRecords(await stage.post('/ollama/api/chat', CHAT))
    await reader.next()
    const unlock = lock(stage)
    final.open()
    const last = reader.next()
    expect(await Promise.race([last, Bun.sleep(100)])).toBeUndefined()
    unlock()
    expect(await last).toMatchObject({ done: true })
    expect(await stage.gateway.usageOf(stage.user)).toHaveLength(1)
  })

  test('nobody waits for long, and the row is written when the lock is gone', async () => {
    await using stage = await setStage()
    const ask = async () => await (await stage.post('/ollama/api/chat', SHORT)).text()
    await ask()
    const unlock = lock(stage)
    const began = performance.now()
    await Promise.all([ask(), ask(), ask()])
    expect(performance.now() - began).toBeLessThan(HELD_AT_MOST_MS)
    unlock()
    const deadline = Date.now() + WRITTEN_WITHIN_MS
    const rows = () => stage.gateway.usageOf(stage.user)
    while ((await rows()).length < 4 && Date.now() < deadline) await Bun.sleep(20)
    expect(await rows()).toHaveLength(4)
  })
})

/** Takes the writer's lock on the stage's SQLite file until the result is called. */
function lock({ gateway }: Stage): () => void {
  const other = new Database(gateway.databaseUrl.slice('sqlite:'.length))
  other.run('begin immediate')
  return () => {
    other.run('commit')
    other.close()
  }
}
