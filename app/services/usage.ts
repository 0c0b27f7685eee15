import type { Db } from '../../db/client.ts'
import { listRequests, pageOfRequests } from '../../db/queries/requests.ts'
import type { Clock } from '../domain/clock.ts'
import type { DateRange } from '../domain/date-range.ts'
import type { UsageRecord } from '../domain/usage.ts'
import { toUsageRecord } from '../usage/row.ts'
import { badCursor, type Page, toPage } from './page.ts'
import { createUsageExport } from './usage-export.ts'
import { modelFor, requireModelEver, requireUserEver } from './usage-filter.ts'
import { createUsageSummaries } from './usage-summaries.ts'

const DAY_MS = 86_400_000
const MAX_ROWS = 10_000

export interface UsageNeeds {
  readonly db: Db
  readonly clock: Clock
}

export interface UsageQuery {
  readonly days: number
  /** In the place of the days. */
  readonly range?: DateRange | undefined
  readonly gateway?: string | undefined
  readonly model?: string | undefined
  readonly limit?: number | undefined
}

export interface UsagePageQuery extends Omit<UsageQuery, 'days' | 'range' | 'limit'> {
  readonly range: DateRange
  /** Only this user's; by name or by id. Everybody's without. */
  readonly username?: string | undefined
  readonly userId?: string | undefined
  /** The key of the last request of the page before. */
  readonly after: string | null
  readonly limit: number
}

/** What a request used, and who sent it. */
export type NamedUsage = UsageRecord & { readonly username: string }

/** Reports from the ledger. */
export function createUsage({ db, clock }: UsageNeeds) {
  return {
    ...createUsageSummaries({ db }),
    ...createUsageExport({ db }),

    /**
     * The requests of a user in the last days, the newest first. A deleted user's can still be read
     * as long as nobody else has the name. Throws not_found for nobody's name and a model that never appeared.
     */
    async list(username: string, query: UsageQuery): Promise<UsageRecord[]> {
      const user = await requireUserEver(db, username)
      const model = await requireModelEver(db, query.model)
      const rows = await listRequests(db, user.id, {
        since: query.range?.from ?? clock.now() - query.days * DAY_MS,
        until: query.range?.until,
        gateway: query.gateway,
        model,
        limit: Math.min(query.limit ?? MAX_ROWS, MAX_ROWS),
      })
      return rows.map(toUsageRecord)
    },

    /**
     * The requests of everybody or of one user in that time, the newest first, a page at a time. Throws
     * not_found as `list` does; those of an id are asked for by their owner, who is not told of others' models.
     * Throws invalid for a key that no page ended with.
     */
    async page({
      username,
      after,
      limit,
      range,
      ...query
    }: UsagePageQuery): Promise<Page<NamedUsage>> {
      const last = after === null ? undefined : readKey(after)
      const userId =
        username === undefined ? query.userId : (await requireUserEver(db, username)).id
      const model = await modelFor(db, query)
      const rows = await pageOfRequests(db, {
        userId,
        gateway: query.gateway,
        model,
        since: range.from,
        until: range.until,
        after: last,
        limit: limit + 1,
      })
      const page = toPage(rows, limit, keyOf)
      const named = page.rows.map((row) => ({ ...toUsageRecord(row), username: row.username }))
      return { ...page, rows: named }
    },
  }
}

interface PageEnd {
  readonly started_at: number
  readonly id: string
}

const keyOf = ({ started_at, id }: PageEnd): string => `${started_at} ${id}`

function readKey(key: string): PageEnd {
  const [time = '', id] = key.split(' ')
  if (!/^\d+$/.test(time) || id === undefined) throw badCursor()
  return { started_at: Number(time), id }
}
