import { expect, test } from 'bun:test'
import { gatewayMetrics } from '../../../app/services/gateway-metrics.ts'
import type { RequestsTable } from '../../../db/schema.ts'
import { requestRow } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const AT = 1_800_000_000_000
const MINUTE_MS = 60_000
const clock = { now: () => AT }

await describeEachDatabase('the figures of a gateway', (openFresh) => {
  const ended = (minutesAgo: number, change: Partial<RequestsTable> = {}) =>
    requestRow({ ended_at: AT - minutesAgo * MINUTE_MS, ...change })

  test('are of the last minutes, in means of whole ms, with those that did nothing', async () => {
    const { db } = await openFresh()
    const rows = [
      ended(0.5, { first_token_ms: 10, total_ms: 100 }),
      ended(0.9, { first_token_ms: 21, total_ms: 201 }),
      ended(1, { first_token_ms: null, total_ms: 0, outcome: 'failed' }),
      ended(2, { prompt_tokens: 1000 }),
      ended(0.5, { gateway: 'gone' }),
    ]
    await db.insertInto('requests').values(rows).execute()
    const names = ['openai', 'ollama']
    expect(await gatewayMetrics({ db, clock }, names, { minutes: 1 })).toEqual([
      {
        gateway: 'openai',
        minutes: 1,
        seconds: 60,
        requests: 0,
        failed: 0,
        requestsPerSecond: 0,
        promptTokens: 0,
        completionTokens: 0,
        meanFirstTokenMs: null,
        meanTotalMs: null,
      },
      {
        gateway: 'ollama',
        minutes: 1,
        seconds: 60,
        requests: 3,
        failed: 1,
        requestsPerSecond: 0.05,
        promptTokens: 36,
        completionTokens: 102,
        meanFirstTokenMs: 16,
        meanTotalMs: 100,
      },
    ])
    const [two] = await gatewayMetrics({ db, clock }, ['ollama'], { minutes: 2 })
    expect(two).toMatchObject({ requests: 4, promptTokens: 1036, requestsPerSecond: 0.033 })
  })

  test('are of less time where more went through than is read at once', async () => {
    const { db } = await openFresh()
    const rows = [0.1, 0.2, 0.3, 0.9].map((ago) => ended(ago, { ended_at: AT - ago * MINUTE_MS }))
    await db.insertInto('requests').values(rows).execute()
    const [found] = await gatewayMetrics({ db, clock }, ['ollama'], { minutes: 1, most: 3 })
    expect(found).toMatchObject({ requests: 3, seconds: 18, requestsPerSecond: 0.167 })
  })

  test.each([0, 1.5, 10_081, Number.NaN])('are not of %p minutes', async (minutes) => {
    const { db } = await openFresh()
    expect(await refusalOf(gatewayMetrics({ db, clock }, ['ollama'], { minutes }))).toMatchObject({
      code: 'invalid',
      message: 'the minutes must be a whole number from 1 to 10080, which is a week',
    })
  })
})
