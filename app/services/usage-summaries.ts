import type { Db } from '../../db/client.ts'
import { usageSums } from '../../db/queries/usage-sums.ts'
import { type DateRange, wholeHours } from '../domain/date-range.ts'
import { dayOf, offsetSpans } from '../domain/local-days.ts'
import { EVERYBODY } from '../domain/rollup.ts'
import { breakDown, SUMMED, type UsageBreakdown } from '../domain/usage-summary.ts'
import { inSlices } from './in-slices.ts'
import { modelFor, requireUserEver } from './usage-filter.ts'

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
