import { beforeEach, expect, test } from 'bun:test'
import type { Db } from '../../../db/client.ts'
import {
  type BucketRow,
  deleteBuckets,
  listBuckets,
  listResets,
  readBuckets,
  resetBuckets,
  upsertBuckets,
} from '../../../db/queries/limit-buckets.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

const LARGEST = Number.MAX_SAFE_INTEGER

const row = (change: Partial<BucketRow> = {}): BucketRow => ({
  holder: 'user:1',
  bucket: 'all * * tokens hour',
  debt: 36_000_000,
  tick: 170_000_000_000,
  held: 12,
  refusals: 3,
  updated_at: 1000,
  reset_at: 0,
  ...change,
})

await describeEachDatabase('buckets that are written down', (openFresh) => {
  let db: Db

  beforeEach(async () => {
    db = (await openFresh()).db
  })

  const all = async (): Promise<BucketRow[]> =>
    (await listBuckets(db)).toSorted((a, b) => (name(a) < name(b) ? -1 : 1))
  const name = ({ holder, bucket }: BucketRow): string => `${holder} ${bucket}`

  test('come back exactly as they were written, also the largest', async () => {
    const rows = [row(), row({ holder: 'user:2', debt: LARGEST, tick: LARGEST, held: LARGEST })]
    await upsertBuckets(db, rows)
    expect(await all()).toEqual(rows)
  })

  test('are replaced by what is written later', async () => {
    await upsertBuckets(db, [row()])
    const later = row({ debt: 5, tick: 6, held: 7, refusals: 8, updated_at: 2000 })
    await upsertBuckets(db, [later])
    expect(await all()).toEqual([later])
  })

  test('are written, read and removed by the thousand', async () => {
    const rows = Array.from({ length: 5001 }, (_, i) =>
      row({ holder: `user:${String(i).padStart(4, '0')}`, debt: i }),
    )
    await upsertBuckets(db, rows)
    expect(await all()).toEqual(rows)
    const holders = rows.map(({ holder }) => holder)
    expect(await readBuckets(db, holders)).toHaveLength(5001)
    await deleteBuckets(db, rows.slice(1))
    expect(await all()).toEqual(rows.slice(0, 1))
  })

  test('are found by their holders', async () => {
    const rows = [row(), row({ bucket: 'all * * requests day' }), row({ holder: 'role:1' })]
    await upsertBuckets(db, [...rows, row({ holder: 'user:2' })])
    const found = await readBuckets(db, ['role:1', 'user:1', 'user:9'])
    expect(found.map(name).sort()).toEqual(rows.map(name).sort())
    expect(await readBuckets(db, [])).toEqual([])
  })

  test('are removed by both parts of their name, and no others are', async () => {
    const others = [row({ holder: 'user:2' }), row({ bucket: 'all * * requests day' })]
    await upsertBuckets(db, [row(), ...others])
    await deleteBuckets(db, [row()])
    expect((await all()).map(name)).toEqual(others.map(name).sort())
  })

  test('are empty after a reset, and so are those that had never been written', async () => {
    await upsertBuckets(db, [row(), row({ holder: 'user:2' })])
    await resetBuckets(db, 'user:1', [row().bucket, 'all * * zeal day'], 5000)
    const empty = { debt: 0, held: 0, refusals: 0, updated_at: 5000, reset_at: 5000 }
    expect(await all()).toEqual([
      row(empty),
      row({ ...empty, bucket: 'all * * zeal day', tick: 0 }),
      row({ holder: 'user:2' }),
    ])
    const reset = { holder: 'user:1', updated_at: 5000, reset_at: 5000 }
    expect((await listResets(db)).toSorted((a, b) => (a.bucket < b.bucket ? -1 : 1))).toEqual([
      { ...reset, bucket: row().bucket },
      { ...reset, bucket: 'all * * zeal day' },
    ])
  })

  test('are reset later than before each time, though the clock may have gone back', async () => {
    const times: number[] = []
    for (const at of [5000, 4000, 5001, 9000]) {
      await resetBuckets(db, 'user:1', [row().bucket], at)
      times.push(...(await listResets(db)).map(({ reset_at }) => reset_at))
    }
    expect(times).toEqual([5000, 5001, 5002, 9000])
  })

  test('stay reset until who writes them has seen it', async () => {
    await resetBuckets(db, 'user:1', [row().bucket], 5000)
    const reset = await all()
    await upsertBuckets(db, [row({ updated_at: 9000 })])
    await upsertBuckets(db, [row({ updated_at: 9000, reset_at: 4999 })])
    await deleteBuckets(db, [row({ updated_at: 9000, reset_at: 4999 })])
    expect(await all()).toEqual(reset)
    await upsertBuckets(db, [row({ updated_at: 9000, reset_at: 6000 })])
    expect(await all()).toEqual([row({ updated_at: 9000, reset_at: 5000 })])
    await deleteBuckets(db, [row({ updated_at: 9000, reset_at: 5000 })])
    expect(await all()).toEqual([])
  })

  test('are not replaced by what was written earlier and comes late', async () => {
    await upsertBuckets(db, [row({ updated_at: 2000, debt: 2 })])
    await upsertBuckets(db, [row({ updated_at: 1999, debt: 1 })])
    await deleteBuckets(db, [row({ updated_at: 1999 })])
    expect(await all()).toEqual([row({ updated_at: 2000, debt: 2 })])
    await upsertBuckets(db, [row({ updated_at: 2000, debt: 3 })])
    expect(await all()).toEqual([row({ updated_at: 2000, debt: 3 })])
  })

  test('do not change when there is nothing to do', async () => {
    await upsertBuckets(db, [row()])
    await upsertBuckets(db, [])
    await deleteBuckets(db, [])
    await resetBuckets(db, 'user:1', [], 5000)
    expect(await all()).toEqual([row()])
  })
})
