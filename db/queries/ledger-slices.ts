import { sql } from 'kysely'
import type { Db } from '../client.ts'

export interface SliceFilter {
  readonly userIds: readonly string[]
  /** Only requests that ended at or after this time, in epoch ms. */
  readonly since: number
  /** How long a request can take, in ms; what took longer may be missing. */
  readonly longestMs: number
  /** Only these operations. */
  readonly operations: readonly string[]
  /** Whether the keys of a user are told apart: a key and those made in its place are one. */
  readonly perKey: boolean
}

/** What requests of one kind that ended in one minute used. */
export interface UsageSlice {
  /** The end of the minute, in epoch ms. */
  readonly at: number
  readonly gateway: string
  readonly model: string | null
  /** The family of the key, by its first key's id; null when keys are not told apart. */
  readonly key_id: string | null
  readonly requests: number
  readonly tokens: number
  readonly compute_ms: number
}

/** Users in one statement. */
const MAX_USERS = 500

/**
 * What these users' requests of those operations used, summed by minute, gateway, model and key, in
 * the order of time. A request that failed before its first token used nothing and does not count.
 */
export async function usageSlices(db: Db, filter: SliceFilter): Promise<UsageSlice[]> {
  const slices: UsageSlice[] = []
  for (let start = 0; start < filter.userIds.length; start += MAX_USERS) {
    const userIds = filter.userIds.slice(start, start + MAX_USERS)
    slices.push(...(await slicesQuery(db, { ...filter, userIds }).execute()))
  }
  return slices.sort((a, b) => a.at - b.at)
}

/** The statement for as many users as fit into one. */
export function slicesQuery(db: Db, filter: SliceFilter) {
  const { userIds, since, longestMs, operations, perKey } = filter
  // The same on both: whole numbers are divided without a rest.
  const minuteEnd = sql<number>`(ended_at / 60000 + 1) * 60000`
  // A key that is gone was a family by itself, as far as anybody can tell.
  const family = sql<string>`coalesce(api_keys.family_id, requests.key_id)`
  return db
    .selectFrom('requests')
    .leftJoin('api_keys', 'api_keys.id', 'requests.key_id')
    .select([
      minuteEnd.as('at'),
      'gateway',
      'model',
      perKey ? family.as('key_id') : sql<null>`null`.as('key_id'),
      sql<number>`cast(count(*) as bigint)`.as('requests'),
      sql<number>`cast(sum(prompt_tokens + completion_tokens) as bigint)`.as('tokens'),
      sql<number>`cast(sum(compute_ms) as bigint)`.as('compute_ms'),
    ])
    .where('requests.user_id', 'in', userIds)
    .where('started_at', '>=', since - longestMs)
    .where('ended_at', '>=', since)
    .where('operation', 'in', operations)
    .where((eb) =>
      eb.or([
        eb('outcome', '!=', 'failed'),
        eb('prompt_tokens', '>', 0),
        eb('completion_tokens', '>', 0),
      ]),
    )
    .groupBy([minuteEnd, 'gateway', 'model', ...(perKey ? [family] : [])])
}

/**
 * Who has the role, through another role too, or had it at `since` or later, in epoch ms. Whoever
 * gave it back since is missing.
 */
export async function roleMembers(db: Db, roleId: string, since: number): Promise<string[]> {
  const rows = await db
    .withRecursive('below(role_id)', (cte) =>
      cte
        .selectFrom('roles')
        .select('roles.id as role_id')
        .where('roles.id', '=', roleId)
        // Not `union all`: a cycle among the parents must end.
        .union(
          cte
            .selectFrom('roles')
            .innerJoin('below', 'below.role_id', 'roles.parent_id')
            .select('roles.id as role_id'),
        ),
    )
    .selectFrom('below')
    .innerJoin('user_roles', 'user_roles.role_id', 'below.role_id')
    .select('user_roles.user_id')
    .distinct()
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', since)]))
    .execute()
  return rows.map(({ user_id }) => user_id)
}
