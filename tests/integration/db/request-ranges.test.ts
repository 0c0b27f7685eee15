import { expect, test } from 'bun:test'
import { createUsageRetention } from '../../../app/services/usage-retention.ts'
import type { Db } from '../../../db/client.ts'
import { isPostgres } from '../../../db/codec.ts'
import { createRequestIds } from '../../../db/ids.ts'
import { exportRequests } from '../../../db/queries/export-requests.ts'
import { listRequests, type NamedRequestRow, pageOfRequests } from '../../../db/queries/requests.ts'
import { nodeSums } from '../../../db/queries/usage-audit.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { partitionsIn, plansOf } from '../../support/plans.ts'
import { createClock } from '../../unit/support/clock.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const TODAY = Date.UTC(2026, 10, 20)
const NODE = '0123456789ab'
const newId = createRequestIds(NODE)
const range = { from: TODAY + 3 * DAY_MS, until: TODAY + 4 * DAY_MS }
const since = { since: range.from, until: range.until, limit: 10 }
const userId = 'user-1'

const reads = {
  'a list of a user': (db) => listRequests(db, userId, since),
  'a page of everybody': (db) => pageOfRequests(db, since),
  'a page of a user': (db) => pageOfRequests(db, { ...since, userId }),
  'an export of everybody': (db) => exportRequests(db, { ...range, limit: 10 }),
  'an export of a user': (db) => exportRequests(db, { ...range, userId, limit: 10 }),
  'the sums of a process': (db) => nodeSums(db, NODE, range.from, range.until),
} satisfies Readonly<Record<string, (db: Db) => Promise<readonly object[]>>>

await describeEachDatabase('of a range of time', (openFresh) => {
  test.each(Object.entries(reads))('%s reads its days and those beside them', async (_, read) => {
    const { db } = await openFresh()
    if (!isPostgres(db)) return
    const clock = createClock(TODAY)
    const retention = createUsageRetention({ db, clock, retentionDays: 9, rollupRetentionDays: 9 })
    await retention.prepare(new AbortController().signal)
    const days = [22, 23, 24].map((day) => `requests_202611${day}`)
    expect(partitionsIn(await plansOf(db, read))).toEqual(days)
  })

  test('a page and an export of everybody read no more than a part of the primary key', async () => {
    const { db } = await openFresh()
    if (isPostgres(db)) return
    for (const read of [reads['a page of everybody'], reads['an export of everybody']]) {
      const plan = await plansOf(db, read)
      expect(plan).toContain('SEARCH requests USING PRIMARY KEY (id>? AND id<?)')
      expect(plan).not.toContain('TEMP B-TREE')
    }
  })

  test('a user’s are found by the user, and come in their order', async () => {
    const { db } = await openFresh()
    if (isPostgres(db)) return
    const after = { id: newId(range.until), started_at: range.until - HOUR_MS }
    const ofUser = [
      reads['a list of a user'],
      reads['a page of a user'],
      reads['an export of a user'],
      (tx: Db) => pageOfRequests(tx, { ...since, userId, after }),
    ]
    for (const read of ofUser) {
      const plan = await plansOf(db, read)
      expect(plan).toContain(
        'INDEX requests_user_started (user_id=? AND started_at>? AND started_at<?)',
      )
      expect(plan).not.toContain('TEMP B-TREE')
    }
  })

  test('a user’s pages have each row once, the newest first, also those of one moment', async () => {
    const database = await openFresh()
    const rows = [5, 5, 5, 5, 4, 3, 3, 3, 3, 3].map((ms, i) => {
      const started_at = range.from + ms
      // Under ids whose order is another one than that of the times.
      return requestRow({ id: newId(range.from + (i % 3)), started_at, ended_at: started_at + 250 })
    })
    const others = rows.map((row) => ({ ...row, id: newId(row.started_at), user_id: 'user-2' }))
    await insertRequests(database, [...others, ...rows])
    const seen: string[] = []
    let after: NamedRequestRow | undefined
    do {
      const page = await pageOfRequests(database.db, { ...since, userId, after, limit: 3 })
      seen.push(...page.map(({ id }) => id))
      after = page.at(-1)
    } while (after && seen.length <= rows.length)
    const newestFirst = rows.toSorted(
      (a, b) => b.started_at - a.started_at || (a.id < b.id ? 1 : -1),
    )
    expect(seen).toEqual(newestFirst.map(({ id }) => id))
  })

  test('those are found whose ids tell another time, by less than a day', async () => {
    const database = await openFresh()
    const at = (started_at: number, idMs: number) =>
      requestRow({ id: newId(idMs), started_at, ended_at: started_at + 250 })
    await insertRequests(database, [
      at(range.from, range.from - 23 * HOUR_MS),
      at(range.until - 1000, range.until + 23 * HOUR_MS),
      at(range.from - 1, range.from),
      at(range.until, range.until - 1),
    ])
    for (const read of Object.values(reads).slice(0, 5)) {
      expect(await read(database.db)).toHaveLength(2)
    }
  })
})
