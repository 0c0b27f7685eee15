import type { Db } from '../../db/client.ts'
import { listRequests } from '../../db/queries/requests.ts'
import { findUsersEver } from '../../db/queries/users.ts'
import type { Clock } from '../domain/clock.ts'
import { parseModelName } from '../domain/model-name.ts'
import type { UsageRecord } from '../domain/usage.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { toUsageRecord } from '../usage/row.ts'

const DAY_MS = 86_400_000
const MAX_ROWS = 10_000

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

/** Reports from the ledger. */
export function createUsage({ db, clock }: UsageNeeds) {
  return {
    /**
     * The requests of a user in the last days, the newest first. A deleted user's can still be read
     * as long as nobody else has the name. Throws not_found.
     */
    async list(username: string, query: UsageQuery): Promise<UsageRecord[]> {
      const named = await findUsersEver(db, username.toLowerCase())
      const user = named.find(({ deleted_at }) => deleted_at === null) ?? named[0]
      if (!user) throw new GatewayError('not_found', `there is no user "${username}"`)
      const rows = await listRequests(db, user.id, {
        since: clock.now() - query.days * DAY_MS,
        gateway: query.gateway,
        model: query.model && (parseModelName(query.model)?.canonical ?? query.model),
        limit: Math.min(query.limit ?? MAX_ROWS, MAX_ROWS),
      })
      return rows.map(toUsageRecord)
    },
  }
}
