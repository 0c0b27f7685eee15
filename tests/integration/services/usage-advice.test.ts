import { expect, test } from 'bun:test'
import { createUsageReports } from '../../../app/services/usage-reports.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const NOW = 1_800_000_000_000
const HOUR_MS = 3_600_000
const terms = { watts: null, pricePerKwh: null, currency: '', prices: new Map() }
const needs = { clock: { now: () => NOW }, terms, hosts: 2, maxContextTokens: 4096 }

await describeEachDatabase('advice', (openFresh) => {
  const open = async () => {
    const database = await openFresh()
    const { db } = database
    const installedModels = async () => ['llama2:latest', 'never:7b']
    return { database, ...createUsageReports({ ...needs, db, installedModels }) }
  }

  test('comes from the sums of the last days of everybody', async () => {
    const { database, advise } = await open()
    const rows = Array.from({ length: 200 }, (_, i) =>
      requestRow({
        user_id: `user-${i % 3}`,
        gateway: i % 2 ? 'ollama' : 'openai',
        started_at: NOW - (i / 2) * HOUR_MS,
        load_ms: 60_000,
        prompt_tokens: 3000,
        compute_ms: HOUR_MS,
      }),
    )
    await insertRequests(database, [...rows, requestRow({ started_at: NOW - 31 * 24 * HOUR_MS })])
    const { requests, tooLittle, recommendations } = await advise(30)
    expect([requests, tooLittle]).toEqual([200, null])
    expect(recommendations.map(({ kind, model }) => [kind, model])).toEqual([
      ['pin', 'llama2:latest'],
      ['slots', null],
      ['context', 'llama2:latest'],
      ['remove', 'never:7b'],
    ])
    expect(recommendations[1]?.numbers).toMatchObject({ hosts: 2, p95Busy: 1, slots: 2 })
    expect(recommendations[2]?.numbers).toMatchObject({ conversations: 200, numCtx: 4096 })
  })

  test('is none on an empty ledger, and on days that make no sense', async () => {
    const { advise } = await open()
    expect((await advise(30)).tooLittle).toStartWith('There are sums of 0 days')
    for (const days of [0, 366, 1.5])
      expect(await refusalOf(advise(days))).toMatchObject({ code: 'invalid' })
  })
})
