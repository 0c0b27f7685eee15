import type { Db } from '../../db/client.ts'
import { exportRequests } from '../../db/queries/export-requests.ts'
import type { UsageRecord } from '../domain/usage.ts'
import { toUsageRecord } from '../usage/row.ts'
import { modelFor, requireUserEver } from './usage-filter.ts'
import type { SummaryQuery } from './usage-summaries.ts'

const PAGE_ROWS = 250

/** Gives out the ledger row by row. */
export function createUsageExport({ db }: { readonly db: Db }) {
  return {
    /** The requests of a range, the oldest first, a page at a time, so that any number fits into memory. Throws not_found as `summary` does. */
    async *export({
      username,
      userId,
      range,
      gateway,
      model,
    }: SummaryQuery): AsyncGenerator<(UsageRecord & { readonly username: string })[]> {
      const user = username === undefined ? undefined : await requireUserEver(db, username)
      const name = await modelFor(db, { userId, model })
      const filter = {
        ...range,
        userId: user?.id ?? userId,
        gateway,
        model: name,
        limit: PAGE_ROWS,
      }
      let rows = await exportRequests(db, filter)
      while (rows.length > 0) {
        yield rows.map((row) => ({ ...toUsageRecord(row), username: row.username ?? '' }))
        if (rows.length < PAGE_ROWS) return
        rows = await exportRequests(db, { ...filter, after: rows.at(-1) })
      }
    },
  }
}
