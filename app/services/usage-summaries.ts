import type { Db } from '../../db/client.ts'
import { usageSums } from '../../db/queries/usage-sums.ts'
import { type DateRange, wholeHours } from '../domain/date-range.ts'
import { dayOf, offsetSpans } from '../domain/local-days.ts'
import { EVERYBODY, HOUR_MS } from '../domain/rollup.ts'
import { breakDown, SUMMED, type SummedRow, type UsageBreakdown } from '../domain/usage-summary.ts'
import { modelFor, requireUserEver } from './usage-filter.ts'

/**
 * Hours in one statement: a server on SQLite does nothing else while one runs, and PostgreSQL adds up with a
 * hash table, without sorting, only what it expects to fit into its usual work_mem.
 */
const SLICE_MS = 7 * 24 * HOUR_MS
/** Statements at a time. */
const AT_ONCE = 3

export interface SummaryQuery {
  /** Whose, by name or by id; everybody's without. */
  readonly username?: string | undefined
  readonly userId?: string | undefined
  readonly range: DateRange
  readonly gateway?: string | undefined
  readonly model?: string | undefined
}

/** What was used in a range, which is one of whole hours. */
export interface UsageSummary extends UsageBreakdown {
  readonly username: string | null
  readonly range: DateRange
}

/** Summaries of the sums that the ledger keeps by the hour: how many requests there were makes no difference. */
export function createUsageSummaries({ db }: { readonly db: Db }) {
  return {
    /**
     * What a user or everybody used in the hours that the range touches. A deleted user's can be read as
     * long as nobody else has the name. Throws not_found for nobody's name and a model that never appeared.
     */
    async summary({
      username,
      userId,
      range,
      gateway,
      model,
    }: SummaryQuery): Promise<UsageSummary> {
      const user = username === undefined ? undefined : await requireUserEver(db, username)
      const filter = {
        userId: user?.id ?? userId ?? EVERYBODY,
        gateway,
        model: await modelFor(db, { userId, model }),
      }
      const hours = wholeHours(range)
      const offsets = offsetSpans(hours)
      const rows = await inSlices(hours, (slice) =>
        usageSums(db, { ...filter, ...slice, offsets }, SUMMED),
      )
      const firstDay = dayOf(range.from, offsets)
      const breakdown = breakDown(
        rows,
        firstDay,
        Math.max(firstDay, dayOf(range.until - 1, offsets)),
      )
      return { username: user?.username ?? null, range: hours, ...breakdown }
    },
  }
}

/** A few slices at a time; in between, others get their turn. */
async function inSlices(
  { from, until }: DateRange,
  read: (slice: { readonly from: number; readonly until: number }) => Promise<SummedRow[]>,
): Promise<SummedRow[]> {
  const rows: SummedRow[][] = []
  let next = from
  const work = async (): Promise<void> => {
    while (next < until) {
      const slice = { from: next, until: Math.min(next + SLICE_MS, until) }
      next = slice.until
      rows.push(await read(slice))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return rows.flat()
}
