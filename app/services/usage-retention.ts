import type { Db } from '../../db/client.ts'
import { isPostgres } from '../../db/codec.ts'
import {
  createPartition,
  dropPartition,
  partitionDays,
} from '../../db/queries/request-partitions.ts'
import { deleteHoursBefore, deleteRequestsBefore } from '../../db/queries/usage-retention.ts'
import type { Clock } from '../domain/clock.ts'

const DAY_MS = 86_400_000
/** For how many days to come there are partitions: so long nobody has to look after them. */
const AHEAD = 7
/** So few rows at a time that nobody notices: where it is embedded, the database holds up all else. */
const MOST_ROWS = 500
const PAUSE_MS = 20

export interface UsageRetentionNeeds {
  readonly db: Db
  readonly clock: Clock
  /** How long the row of a request is kept, and the sums of an hour. */
  readonly retentionDays: number
  readonly rollupRetentionDays: number
}

/** Makes room in the ledger: for the days to come, and by removing what is older than it is to be kept. */
export function createUsageRetention({ db, clock, ...kept }: UsageRetentionNeeds) {
  const today = (): number => Math.floor(clock.now() / DAY_MS) * DAY_MS

  return {
    /** Makes the partitions of today and a week to come, where the database has partitions. */
    async prepare(): Promise<void> {
      if (!isPostgres(db)) return
      const known = new Set(await partitionDays(db))
      for (let day = today(); day <= today() + AHEAD * DAY_MS; day += DAY_MS) {
        if (!known.has(day)) await createPartition(db, day)
      }
    },

    /** Removes whole days at once where it can, and the rest a few rows at a time. */
    async prune(): Promise<void> {
      const before = today() - kept.retentionDays * DAY_MS
      if (isPostgres(db)) {
        for (const day of await partitionDays(db)) if (day < before) await dropPartition(db, day)
      }
      await inSteps(() => deleteRequestsBefore(db, before, MOST_ROWS))
      const hours = today() - kept.rollupRetentionDays * DAY_MS
      await inSteps(() => deleteHoursBefore(db, hours, MOST_ROWS))
    },
  }
}

async function inSteps(remove: () => Promise<number>): Promise<void> {
  while ((await remove()) > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}
