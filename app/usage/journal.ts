import type { UsageRecord } from '../domain/usage.ts'
import type { TornLine } from './journal-lines.ts'

/** Commits rows to the ledger; one that is there already changes nothing. */
export type StoreRows = (rows: readonly UsageRecord[]) => Promise<void>

/** Keeps the rows that the database does not take, until it does. */
export interface Journal {
  /** How many rows are kept. */
  readonly kept: number
  /** Whether it could write the last time it tried; it has to be tried again then. */
  readonly isWritable: boolean
  /** Resolves when the rows are on the disk, after `fdatasync`. Rejects when they could not be written. */
  keep(rows: readonly UsageRecord[]): Promise<void>
  /**
   * Hands all that is kept to `store`, the oldest first and `size` rows at a time, and forgets it when all
   * is stored. Rejects as soon as `store` does; what was stored until then is handed out again later.
   */
  replay(store: StoreRows, size: number): Promise<void>
  /** Lets go of the file, and removes it when nothing is kept. */
  close(): Promise<void>
}

/** Told of each line that can't be read and is left out. */
export type OnTorn = (line: TornLine & { readonly file: string }) => void
