import type { Db } from '../../db/client.ts'
import { listRequests, pageOfRequests } from '../../db/queries/requests.ts'
import { findUsersEver, type UserRow } from '../../db/queries/users.ts'
import type { Clock } from '../domain/clock.ts'
import { parseModelName } from '../domain/model-name.ts'
import type { UsageRecord } from '../domain/usage.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { toUsageRecord } from '../usage/row.ts'
import { type Page, toPage } from './page.ts'

const DAY_MS = 86_400_000
const MAX_ROWS = 10_000
const MAX_DAYS = 3650

export interface UsageNeeds {
  readonly db: Db
  readonly clock: Clock
}

export interface UsageQuery {
  readonly days: number
  readonly gateway?: string | undefined
  readonly model?: string | undefined
  readonly limit?: number | undefined
}

export interface UsagePageQuery extends Omit<UsageQuery, 'limit'> {
  /** Only this user's; by name or by id. Everybody's without. */
  readonly username?: string | undefined
  readonly userId?: string | undefined
  /** The id of the last request of the page before. */
  readonly after: string | null
  readonly limit: number
}

/** What a request used, and who sent it. */
export type NamedUsage = UsageRecord & { readonly username: string }

/** Reports from the ledger. */
export function createUsage({ db, clock }: UsageNeeds) {
  return {
    /**
     * The requests of a user in the last days, the newest first. A deleted user's can still be read
     * as long as nobody else has the name. Throws not_found.
     */
    async list(username: string, query: UsageQuery): Promise<UsageRecord[]> {
      const user = await requireUserEver(username)
      const rows = await listRequests(db, user.id, {
        since: clock.now() - query.days * DAY_MS,
        gateway: query.gateway,
        model: canonical(query.model),
        limit: Math.min(query.limit ?? MAX_ROWS, MAX_ROWS),
      })
      return rows.map(toUsageRecord)
    },

    /**
     * The requests of everybody or of one user in the last days, the newest first, a page at a time.
     * Throws not_found as `list` does, and invalid for more than 3650 days.
     */
    async page({
      username,
      after,
      limit,
      days,
      ...query
    }: UsagePageQuery): Promise<Page<NamedUsage>> {
      if (!Number.isSafeInteger(days) || days < 1 || days > MAX_DAYS) {
        throw new GatewayError('invalid', `the days must be a whole number from 1 to ${MAX_DAYS}`)
      }
      const userId = username === undefined ? query.userId : (await requireUserEver(username)).id
      const rows = await pageOfRequests(db, {
        userId,
        gateway: query.gateway,
        model: canonical(query.model),
        since: clock.now() - days * DAY_MS,
        after: after ?? undefined,
        limit: limit + 1,
      })
      const page = toPage(rows, limit, ({ id }) => id)
      const named = page.rows.map((row) => ({ ...toUsageRecord(row), username: row.username }))
      return { ...page, rows: named }
    },
  }

  async function requireUserEver(username: string): Promise<UserRow> {
    const named = await findUsersEver(db, username.toLowerCase())
    const user = named.find(({ deleted_at }) => deleted_at === null) ?? named[0]
    if (!user) throw new GatewayError('not_found', `there is no user "${username}"`)
    return user
  }
}

/** A name that can be no model's is looked for as it is, and not found. */
const canonical = (model: string | undefined): string | undefined =>
  model && (parseModelName(model)?.canonical ?? model)
