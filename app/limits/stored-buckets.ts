import type { Db } from '../../db/client.ts'
import { readBuckets, resetBuckets } from '../../db/queries/limit-buckets.ts'
import type { Clock } from '../domain/clock.ts'
import type { BucketReader } from './bucket-reader.ts'

export interface StoredBucketsNeeds {
  readonly db: Db
  readonly clock: Clock
}

/** Buckets as a single server writes them down: what it shows is about a second old. */
export const createStoredBuckets = ({ db, clock }: StoredBucketsNeeds): BucketReader => ({
  async read(holders) {
    const rows = await readBuckets(db, holders)
    const buckets = rows.map(
      ({ holder, bucket, debt, tick, held, refusals }) =>
        [`${holder} ${bucket}`, { debt, tick, held, refusals }] as const,
    )
    return { at: clock.now(), buckets: new Map(buckets) }
  },

  async empty(holder, buckets) {
    await db
      .transaction()
      .execute((tx) => resetBuckets(tx, holder, [...new Set(buckets)], clock.now()))
  },
})
