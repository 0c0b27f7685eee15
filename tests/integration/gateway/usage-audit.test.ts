import { expect, test } from 'bun:test'
import { readServerCounts } from '../../../app/services/server-counts.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { errorBefore } from '../../support/fake-ollama/script.ts'
import { CHAT, setStage } from '../../support/gateway/stage.ts'

await describeEachDatabase('a server', (openFresh) => {
  test('has counted what its ledger has, and an audit finds it when it has not', async () => {
    const database = await openFresh()
    await using stage = await setStage({ database })
    const as = await stage.gateway.administrator()
    const ask = async (path: string, body: object) =>
      await (await stage.post(path, body, { as })).text()
    for (const stream of [true, false, true]) {
      await ask('/ollama/api/chat', { ...CHAT, stream })
      await ask('/openai/v1/chat/completions', { ...CHAT, stream })
    }
    stage.ollama.once('/api/chat', errorBefore(500, 'out of memory'))
    await ask('/ollama/api/chat', CHAT)
    await stage.gateway.accounted(7)
    const metrics = await (await stage.get('/metrics', { as })).text()
    const server = readServerCounts(metrics)
    const day = { from: Date.now() - 3_600_000, until: Date.now() + 1, zone: 'UTC' }
    const { auditUsage } = stage.gateway.admin
    expect(await auditUsage(day, server)).toMatchObject({ rows: 7, compared: 7, findings: [] })

    await database.db.deleteFrom('requests').where('outcome', '=', 'failed').execute()
    const { findings } = await auditUsage(day, server)
    expect(findings).toContainEqual({
      what: 'ollama chat failed',
      problem: 'the server counted 1 requests, the ledger has 0',
    })
  })
})
