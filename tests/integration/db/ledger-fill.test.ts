import { expect, test } from 'bun:test'
import { foldUsage, HOUR_MS } from '../../../app/domain/rollup.ts'
import { toRequestRow } from '../../../app/usage/row.ts'
import { fill, usageOf } from '../../bench/ledger/fill.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

const EXTENT = { rows: 1000, days: 1, until: 500_000 * HOUR_MS }
const inOrder = (rows: readonly object[]): string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort()

await describeEachDatabase('a ledger that is filled for a bench', (openFresh) => {
  test('has the rows, and the sums that they fold to', async () => {
    const database = await openFresh()
    await fill(database, EXTENT)
    const records = [...usageOf(EXTENT)].flat()
    expect(records).toHaveLength(EXTENT.rows)
    const rows = await database.db.selectFrom('requests').selectAll().execute()
    expect(inOrder(rows)).toEqual(inOrder(records.map(toRequestRow)))
    const sums = await database.db.selectFrom('usage_hourly').selectAll().execute()
    expect(inOrder(sums)).toEqual(inOrder(foldUsage(records)))
  })
})
