import { expect, test } from 'bun:test'
import { createUsageAudit } from '../../../app/services/usage-audit.ts'
import { createRequestIds } from '../../../db/ids.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { createClock } from '../../unit/support/clock.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 10, 30, 12)
const DAY = { from: NOW - 24 * HOUR_MS, until: NOW, zone: 'UTC' }
const newId = createRequestIds('0123456789ab')
const row = (hoursAgo: number, change = {}) => {
  const started_at = NOW - hoursAgo * HOUR_MS
  return requestRow({ id: newId(started_at), started_at, ended_at: started_at + 250, ...change })
}
const auditOf = ({ db }: TestDatabase) =>
  createUsageAudit({ db, clock: createClock(NOW), retentionDays: 30 })

await describeEachDatabase('an audit of the ledger', (openFresh) => {
  test('finds nothing where all is as it was closed', async () => {
    const database = await openFresh()
    await insertRequests(
      database,
      [1, 2, 2.5, 23, 30].map((hours) => row(hours, { estimated: Number(hours === 2) })),
    )
    expect(await auditOf(database)(DAY, null)).toMatchObject({
      rows: 4,
      hours: 4,
      estimated: 1,
      compared: null,
      findings: [],
      found: 0,
    })
  })

  test('names the row that is missing, changed, or makes no sense', async () => {
    const database = await openFresh()
    const [gone, changed, odd] = [row(3), row(5), row(7, { outcome: 'lost', total_ms: 7 })]
    await insertRequests(database, [gone, changed, row(9)])
    const { db } = database
    await db.insertInto('requests').values(odd).execute()
    await db.deleteFrom('requests').where('id', '=', gone.id).execute()
    await db
      .updateTable('requests')
      .set({ completion_tokens: 35 })
      .where('id', '=', changed.id)
      .execute()
    const { findings, found } = await auditOf(database)(DAY, null)
    expect(found).toBe(findings.length)
    const problems = findings.map(({ what, problem }) => `${what}: ${problem}`)
    expect(problems.filter((text) => text.includes(odd.id))).toEqual([
      `request ${odd.id}: it ended in no way that there is: lost`,
      `request ${odd.id}: it did not take as long as it says`,
    ])
    expect(
      problems.filter((text) => text.includes('T07h') && text.includes('user user-1')),
    ).toEqual([expect.stringContaining('the rows have 35 completion_tokens, the sums 34')])
    expect(problems.filter((text) => text.includes('sums without a row'))).toHaveLength(2)
    expect(problems.filter((text) => text.includes('rows without sums'))).toHaveLength(2)
  })

  test('leaves out what is older than rows are kept', async () => {
    const database = await openFresh()
    await insertRequests(database, [row(40 * 24)])
    await database.db.deleteFrom('requests').execute()
    const range = { ...DAY, from: NOW - 60 * 24 * HOUR_MS }
    expect((await auditOf(database)(range, null)).found).toBe(0)
  })
})
