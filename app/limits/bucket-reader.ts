import type { Bucket } from '../domain/bucket.ts'

/** The buckets of some holders at one moment. */
export interface BucketsNow {
  /** The time by the store's clock, in epoch ms. */
  readonly at: number
  /** By holder and bucket with a space between them; one that is not there is empty. */
  readonly buckets: ReadonlyMap<string, Bucket>
}

/** What administration needs of the place where buckets are kept. */
export interface BucketReader {
  /** All buckets of these holders as they were last touched, not drained to now. */
  read(holders: readonly string[]): Promise<BucketsNow>
  /** Gives back what was used of these buckets of a holder, whether they were ever used or not. */
  empty(holder: string, buckets: readonly string[]): Promise<void>
}
