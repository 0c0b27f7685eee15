import { beforeEach, expect, test } from 'bun:test'
import { type AuditQuery, createAudit } from '../../../app/services/audit.ts'
import { insertAudit } from '../../../db/queries/audit.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

/** Each an entry later than the one before. */
const ENTRIES = [
  { actor: 'cli:root', action: 'user.create', target: 'anna', outcome: 'done' },
  { actor: 'cli:root', action: 'user.update', target: 'anna', outcome: 'refused' },
  { actor: 'user:anna', action: 'role.grant', target: 'bob', outcome: 'done' },
  { actor: 'user:anna', action: 'username', target: 'x', outcome: 'done' },
  { actor: 'user:anna', action: 'use', target: 'x', outcome: 'done' },
  { actor: 'system', action: 'user.x', target: '-', outcome: 'done' },
]

await describeEachDatabase('the audit log', (openFresh) => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await openFresh()
    for (const [i, entry] of ENTRIES.entries()) {
      await insertAudit(database.db, {
        ...entry,
        id: `id-${i}`,
        at: 1000 + i,
        detail: JSON.stringify({ n: i, before: null }),
        address: i === 0 ? null : '192.0.2.1',
        request_id: i === 0 ? null : `request-${i}`,
      })
    }
  })

  const page = (query: Partial<AuditQuery> = {}) =>
    createAudit(database).page({ after: null, limit: 50, ...query })
  const found = async (query: Partial<AuditQuery>): Promise<number[]> =>
    (await page(query)).rows.map(({ at }) => at - 1000)

  test('is read from the newest entry back, with all that was noted', async () => {
    const { rows, next } = await page()
    expect(rows.map(({ at }) => at)).toEqual([1005, 1004, 1003, 1002, 1001, 1000])
    expect(next).toBeNull()
    expect(rows[4]).toEqual({
      id: 'id-1',
      at: 1001,
      actor: 'cli:root',
      address: '192.0.2.1',
      requestId: 'request-1',
      action: 'user.update',
      target: 'anna',
      outcome: 'refused',
      detail: { n: 1, before: null },
    })
    expect(rows[5]).toMatchObject({ address: null, requestId: null })
  })

  test.each<[Partial<AuditQuery>, number[]]>([
    [{ actor: 'user:anna' }, [4, 3, 2]],
    [{ actor: 'user:' }, []],
    [{ action: 'user.create' }, [0]],
    [{ action: 'user' }, []],
    [{ action: 'user.' }, [5, 1, 0]],
    [{ action: 'use.' }, []],
    [{ action: '%.' }, []],
    [{ target: 'anna' }, [1, 0]],
    [{ target: '' }, []],
    [{ outcome: 'refused' }, [1]],
    [{ since: 1003 }, [5, 4, 3]],
    [{ until: 1002 }, [1, 0]],
    [{ since: 1001, until: 1003 }, [2, 1]],
    [{ action: 'user.', actor: 'cli:root', outcome: 'done', since: 0 }, [0]],
  ])('is filtered by %j', async (query, entries) => {
    expect(await found(query)).toEqual(entries)
  })

  test('is read page by page, each entry once, though more are written meanwhile', async () => {
    const first = await page({ limit: 2, action: 'user.' })
    expect(first.rows.map(({ id }) => id)).toEqual(['id-5', 'id-1'])
    const [entry] = ENTRIES
    if (!entry) throw new Error('no entry')
    const more = { address: null, request_id: null, detail: '{}', at: 2000 }
    await insertAudit(database.db, { ...entry, ...more, id: 'id-9' })
    const second = await page({ limit: 2, action: 'user.', after: first.next })
    expect(second).toMatchObject({ rows: [{ id: 'id-0' }], next: null })
  })

  test('refuses a filter that can match nothing, and a page out of bounds', async () => {
    const bad: Partial<AuditQuery>[] = [
      { outcome: 'failed' },
      { actor: 'a\0' },
      { action: 'x'.repeat(201) },
      { target: '\ud83d' },
      ...[0, -1, 201, 1.5, Number.NaN, 1e9].map((limit) => ({ limit })),
    ]
    for (const query of bad) {
      expect([query, (await refusalOf(page(query)))?.code]).toEqual([query, 'invalid'])
    }
    expect((await page({ limit: 200 })).rows).toHaveLength(6)
  })
})
