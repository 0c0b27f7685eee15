import { expect, test } from 'bun:test'
import { readRange } from '../../../app/domain/date-range.ts'
import type { UsageTotals } from '../../../app/domain/usage-summary.ts'
import { createUsageSummaries } from '../../../app/services/usage-summaries.ts'
import type { RequestsTable } from '../../../db/schema.ts'
import { insertRequests, requestRow, TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const NOW = Date.parse('2026-11-30T12:00:00Z')
const FIRST = Date.parse('2026-10-20T22:00:00Z')
const MINUTE_MS = 60_000

const rangeIn = (zone: string, from = '2026-10-21', to = '2026-11-10') => {
  const { range } = { range: undefined, ...readRange({ from, to, zone }, NOW, 30) }
  if (!range) throw new Error('no range')
  return range
}

const sum = (rows: readonly RequestsTable[], name: keyof RequestsTable): number =>
  rows.reduce((total, row) => total + Number(row[name]), 0)

const naive = (rows: readonly RequestsTable[]): Partial<UsageTotals> => ({
  requests: rows.length,
  completed: rows.filter(({ outcome }) => outcome === 'completed').length,
  promptTokens: sum(rows, 'prompt_tokens'),
  completionTokens: sum(rows, 'completion_tokens'),
  computeMs: sum(rows, 'compute_ms'),
  queueMs: sum(rows, 'queue_ms'),
  coldLoads: rows.filter(({ load_ms }) => load_ms >= 1000).length,
})

await describeEachDatabase('a summary of usage', (openFresh) => {
  test('is what adding up the requests gives, in each time zone, across a change of clocks', async () => {
    const database = await openFresh()
    const { users } = testAdmin(database.db)
    const people = [
      await users.create(TESTER, { username: 'anna' }),
      await users.create(TESTER, { username: 'bob' }),
    ]
    const rows = Array.from({ length: 900 }, (_, i) =>
      requestRow({
        user_id: people[i % 2]?.id ?? '',
        gateway: ['ollama', 'openai', 'anthropic'][i % 3] ?? '',
        model: [null, 'llama2:latest', 'qwen3:8b'][(i * 7) % 3] ?? null,
        outcome: i % 5 === 0 ? 'failed' : 'completed',
        prompt_tokens: i,
        completion_tokens: i * 2,
        load_ms: i % 4 === 0 ? 2000 : 5,
        queue_ms: i % 50,
        compute_ms: i * 3,
        started_at: FIRST + i * 31 * MINUTE_MS,
      }),
    )
    await insertRequests(database, rows)
    const summaries = createUsageSummaries(database)
    for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York']) {
      const range = rangeIn(zone)
      const dateOf = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' })
      const within = rows.filter(
        ({ started_at }) => started_at >= range.from && started_at < range.until,
      )
      for (const username of [undefined, 'anna']) {
        const id = users && username && people[0]?.id
        const own = within.filter(({ user_id }) => !id || user_id === id)
        const { total, gateways, models, days } = await summaries.summary({ username, range })
        expect(total).toMatchObject(naive(own))
        for (const { gateway, ...part } of gateways)
          expect(part).toMatchObject(naive(own.filter((row) => row.gateway === gateway)))
        for (const { model, ...part } of models)
          expect(part).toMatchObject(naive(own.filter((row) => row.model === model)))
        expect(days).toHaveLength(21)
        for (const { date, ...part } of days)
          expect(part).toMatchObject(
            naive(own.filter(({ started_at }) => dateOf.format(started_at) === date)),
          )
      }
    }
    const only = await summaries.summary({
      range: rangeIn('UTC'),
      gateway: 'openai',
      model: 'LLAMA2',
    })
    const range = rangeIn('UTC')
    expect(only.total).toMatchObject(
      naive(
        rows.filter(
          ({ gateway, model, started_at }) =>
            gateway === 'openai' &&
            model === 'llama2:latest' &&
            started_at >= range.from &&
            started_at < range.until,
        ),
      ),
    )
  })

  test('is of nobody and no model that there is not', async () => {
    const database = await openFresh()
    await insertRequests(database, [requestRow({ model: 'llama2:latest' })])
    const { summary } = createUsageSummaries(database)
    const range = rangeIn('UTC')
    expect(await refusalOf(summary({ username: 'nobody', range }))).toMatchObject({
      code: 'not_found',
      message: 'there is no user "nobody"',
    })
    expect(await refusalOf(summary({ model: 'lama2', range }))).toMatchObject({
      code: 'not_found',
      message: 'no request ever asked for a model "lama2", did you mean llama2:latest?',
    })
    expect((await summary({ range })).total).toMatchObject({ requests: 0, successRate: null })
  })
})
