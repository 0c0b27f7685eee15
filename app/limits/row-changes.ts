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
  /** There is such a row; what is written from now on is later than it. */
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
  /** No clock, here or where something is reset, makes what is written look older than what is there. */
  let latest = 0

  const keyOf = ({ holder, bucket }: Change): BucketKey => ({
    holder,
    bucket,
    updated_at: latest,
    reset_at: rows.get(nameOf(holder, bucket)) ?? 0,
  })
  const see = ({ holder, bucket, updated_at, reset_at }: BucketKey): void => {
    rows.set(nameOf(holder, bucket), reset_at)
    latest = Math.max(latest, updated_at, reset_at)
  }

  return {
    found: see,
    set(holder, bucket, state) {
      changes.set(nameOf(holder, bucket), { holder, bucket, state })
    },
    clear(holder, bucket) {
      const name = nameOf(holder, bucket)
      // So that what comes and goes while the database fails leaves nothing behind.
      if (rows.has(name)) changes.set(name, { holder, bucket, state: null })
      else changes.delete(name)
    },
    reset(row) {
      if (row.reset_at <= (rows.get(nameOf(row.holder, row.bucket)) ?? 0)) return false
      see(row)
      return true
    },
    get size() {
      return changes.size
    },
    batch(at) {
      latest = Math.max(at, latest + 1)
      const all = [...changes].map(([name, change]) => ({ name, change, key: keyOf(change) }))
      return {
        save: all.flatMap(({ change: { state }, key }) => (state ? [{ ...state, ...key }] : [])),
        remove: all.flatMap(({ change: { state }, key }) => (state ? [] : [key])),
        done() {
          for (const { name, change, key } of all) {
            if (change.state) rows.set(name, rows.get(name) ?? 0)
            // One that has been reset in the meantime is still there.
            else if (rows.get(name) === key.reset_at) rows.delete(name)
            if (changes.get(name) === change) changes.delete(name)
          }
        },
      }
    },
  }
}
