import type { BucketKey, BucketRow } from '../../db/queries/limit-buckets.ts'
import type { Bucket } from '../domain/bucket.ts'
import { nameOf } from './bucket-map.ts'

/** What to write at once. */
export interface Batch {
  readonly save: readonly BucketRow[]
  readonly remove: readonly BucketKey[]
  /** To be called when all of it is in. What has changed again since remains to be written. */
  done(): void
}

/** What is still to be written down: of each bucket its latest state, or that its row must go. */
export interface RowChanges {
  /** There is such a row. */
  found(row: BucketKey): void
  set(holder: string, bucket: string, state: Bucket): void
  /** There is nothing in the bucket: it needs no row. */
  clear(holder: string, bucket: string): void
  /** Notes when a row was reset; false when that was known. */
  reset(row: BucketKey): boolean
  /** How many buckets have to be written. */
  readonly size: number
  batch(at: number): Batch
}

interface Change {
  readonly holder: string
  readonly bucket: string
  readonly state: Bucket | null
}

export function createRowChanges(): RowChanges {
  /** The rows that there are, each with the last reset that is known of. */
  const rows = new Map<string, number>()
  const changes = new Map<string, Change>()

  const keyOf = ({ holder, bucket }: Change): BucketKey => ({
    holder,
    bucket,
    reset_at: rows.get(nameOf(holder, bucket)) ?? 0,
  })
  const isIn = (name: string, change: Change): void => {
    if (change.state) rows.set(name, rows.get(name) ?? 0)
    else rows.delete(name)
    if (changes.get(name) === change) changes.delete(name)
  }

  return {
    found: ({ holder, bucket, reset_at }) => rows.set(nameOf(holder, bucket), reset_at),
    set(holder, bucket, state) {
      changes.set(nameOf(holder, bucket), { holder, bucket, state })
    },
    clear(holder, bucket) {
      const name = nameOf(holder, bucket)
      // So that what comes and goes while the database fails leaves nothing behind.
      if (rows.has(name)) changes.set(name, { holder, bucket, state: null })
      else changes.delete(name)
    },
    reset({ holder, bucket, reset_at }) {
      const name = nameOf(holder, bucket)
      if (reset_at <= (rows.get(name) ?? 0)) return false
      rows.set(name, reset_at)
      return true
    },
    get size() {
      return changes.size
    },
    batch(at) {
      const all = [...changes]
      return {
        save: all.flatMap(([, change]) =>
          change.state ? [{ ...keyOf(change), ...change.state, updated_at: at }] : [],
        ),
        remove: all.flatMap(([, change]) => (change.state ? [] : [keyOf(change)])),
        done() {
          for (const [name, change] of all) isIn(name, change)
        },
      }
    },
  }
}
