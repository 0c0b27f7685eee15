import { type Selectable, sql } from 'kysely'
import type { Db } from '../client.ts'
import type { LimitBucketsTable } from '../schema.ts'

/** One bucket as it was last written down. */
export type BucketRow = Selectable<LimitBucketsTable>

/** Which bucket, and of when its state is: what was written or reset later stays as it is. */
export type BucketKey = Pick<BucketRow, 'holder' | 'bucket' | 'updated_at' | 'reset_at'>

/** Rows in one statement: eight parameters each, of at most 32,766 on SQLite. */
const MAX_ROWS = 200
const MAX_NAMES = 500

/** All buckets that have been written down. */
export async function listBuckets(db: Db): Promise<BucketRow[]> {
  return await db.selectFrom('limit_buckets').selectAll().execute()
}

/** The buckets of these holders. */
export async function readBuckets(db: Db, holders: readonly string[]): Promise<BucketRow[]> {
  const rows: BucketRow[] = []
  await inChunks(holders, MAX_NAMES, async (some) => {
    const query = db.selectFrom('limit_buckets').selectAll().where('holder', 'in', some)
    rows.push(...(await query.execute()))
  })
  return rows
}

/** All buckets that an administrator has emptied, with the last time of each. */
export async function listResets(db: Db): Promise<BucketKey[]> {
  return await db
    .selectFrom('limit_buckets')
    .select(['holder', 'bucket', 'updated_at', 'reset_at'])
    .where('reset_at', '>', 0)
    .execute()
}

/**
 * Empties buckets of a holder, also those that have no row yet, so that the server, which has its own
 * copy, sees that it must. Each reset of a bucket has a later time than the one before, whatever the
 * clocks of those who reset it say.
 */
export async function resetBuckets(
  tx: Db,
  holder: string,
  buckets: readonly string[],
  at: number,
): Promise<void> {
  const empty = { debt: 0, held: 0, refusals: 0, updated_at: at }
  await inChunks([...new Set(buckets)].sort(), MAX_ROWS, async (some) => {
    await tx
      .insertInto('limit_buckets')
      .values(some.map((bucket) => ({ holder, bucket, ...empty, tick: 0, reset_at: at })))
      .onConflict((conflict) =>
        conflict.columns(['holder', 'bucket']).doUpdateSet((eb) => ({
          ...empty,
          reset_at: sql<number>`case when ${eb.ref('limit_buckets.reset_at')} < ${eb.ref('excluded.reset_at')}
            then ${eb.ref('excluded.reset_at')} else ${eb.ref('limit_buckets.reset_at')} + 1 end`,
        })),
      )
      .execute()
  })
}

/**
 * Writes buckets down, many in one statement. A row that is newer stays: one that has been updated
 * later, or reset later than the `reset_at` that its writer knows of. When a row was reset is never
 * changed.
 */
export async function upsertBuckets(db: Db, rows: readonly BucketRow[]): Promise<void> {
  await inChunks(rows.toSorted(byName), MAX_ROWS, async (some) => {
    await db
      .insertInto('limit_buckets')
      .values(some)
      .onConflict((conflict) =>
        conflict
          .columns(['holder', 'bucket'])
          .doUpdateSet((eb) => ({
            debt: eb.ref('excluded.debt'),
            tick: eb.ref('excluded.tick'),
            held: eb.ref('excluded.held'),
            refusals: eb.ref('excluded.refusals'),
            updated_at: eb.ref('excluded.updated_at'),
          }))
          .whereRef('limit_buckets.updated_at', '<=', 'excluded.updated_at')
          .whereRef('limit_buckets.reset_at', '<=', 'excluded.reset_at'),
      )
      .execute()
  })
}

/** Removes rows, except those that are newer, in the same sense. */
export async function deleteBuckets(db: Db, keys: readonly BucketKey[]): Promise<void> {
  await inChunks(keys, MAX_ROWS, async (some) => {
    await db
      .deleteFrom('limit_buckets')
      .where((eb) =>
        eb.or(
          some.map(({ holder, bucket, updated_at, reset_at }) =>
            eb.and([
              eb('holder', '=', holder),
              eb('bucket', '=', bucket),
              eb('updated_at', '<=', updated_at),
              eb('reset_at', '<=', reset_at),
            ]),
          ),
        ),
      )
      .execute()
  })
}

/** Rows that two statements want are taken in the same order by both: neither waits for the other. */
const byName = (a: BucketKey, b: BucketKey): number =>
  compare(a.holder, b.holder) || compare(a.bucket, b.bucket)

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

async function inChunks<T>(
  items: readonly T[],
  size: number,
  run: (some: readonly T[]) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < items.length; start += size) {
    // SQLite runs on our thread: whoever waits for it gets a turn between two statements.
    if (start > 0) await new Promise((resolve) => setImmediate(resolve))
    await run(items.slice(start, start + size))
  }
}
