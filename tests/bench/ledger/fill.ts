import { foldUsage, HOUR_MS, type Rollup } from '../../../app/domain/rollup.ts'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { toRequestRow } from '../../../app/usage/row.ts'
import type { DatabaseHandle } from '../../../db/client.ts'
import { isPostgres } from '../../../db/codec.ts'
import { createRequestClose } from '../../../db/queries/close-requests.ts'
import { createPartition } from '../../../db/queries/request-partitions.ts'
import { createRandom, createSpread } from './spread.ts'

const BATCH = 1000
const DAY_MS = 24 * HOUR_MS

/** When and how many: rows are spread evenly over the hours before `until`, in epoch ms. */
export type Extent = { rows: number; days: number; until: number }

/** The records of each hour, the oldest first; the same of the same extent. */
export function* usageOf({ rows, days, until }: Extent): Generator<UsageRecord[]> {
  const record = createSpread(3)
  const random = createRandom(4)
  const hours = days * 24
  const first = Math.floor(until / HOUR_MS) * HOUR_MS - hours * HOUR_MS
  for (let hour = 0; hour < hours; hour++) {
    const count = Math.floor((rows * (hour + 1)) / hours) - Math.floor((rows * hour) / hours)
    const times = Array.from({ length: count }, () => Math.floor(random() * HOUR_MS))
    yield times.sort((a, b) => a - b).map((ms) => record(first + hour * HOUR_MS + ms))
  }
}

/** Fills an empty ledger whose days have partitions, as of a server that has run for so long. */
export async function fillForDays(handle: DatabaseHandle, extent: Extent): Promise<void> {
  const today = Math.floor(extent.until / DAY_MS) * DAY_MS
  if (isPostgres(handle.db)) {
    for (let day = today - extent.days * DAY_MS; day <= today; day += DAY_MS)
      await createPartition(handle.db, day)
  }
  await fill(handle, extent)
}

/**
 * Fills an empty ledger. An hour is folded as a whole, and its sums go in a part with each batch of its
 * rows: nothing has to be added up in the database.
 */
export async function fill(handle: DatabaseHandle, extent: Extent): Promise<void> {
  let part: Rollup[] = []
  const close = createRequestClose(handle, () => part)
  for (const hour of usageOf(extent)) {
    const sums = foldUsage(hour)
    const batches = Math.ceil(hour.length / BATCH)
    const start = (batch: number): number => Math.floor((sums.length * batch) / batches)
    for (let batch = 0; batch < batches; batch++) {
      part = sums.slice(start(batch), start(batch + 1))
      await close(hour.slice(batch * BATCH, (batch + 1) * BATCH).map(toRequestRow))
    }
  }
}
