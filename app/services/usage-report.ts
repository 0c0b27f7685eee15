import type { Db } from '../../db/client.ts'
import { listMemberships, type Membership } from '../../db/queries/roles.ts'
import { type UsageByUser, usageByUser } from '../../db/queries/usage-by-user.ts'
import { findUsersEver } from '../../db/queries/users.ts'
import type { Clock } from '../domain/clock.ts'
import type { CostTerms } from '../domain/cost.ts'
import type { ReportPeriod } from '../domain/report-period.ts'
import {
  type ReportedUser,
  type ReportLines,
  reportLines,
  type UsedModel,
} from '../domain/usage-report.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { requireRole } from './find.ts'
import { inSlices } from './in-slices.ts'

export interface UsageReportNeeds {
  readonly db: Db
  readonly clock: Clock
  readonly terms: CostTerms
}

export interface UsageReportQuery {
  readonly period: ReportPeriod
  readonly gateway?: string | undefined
  /** Only this user, of whom those who had the name before are parts. */
  readonly username?: string | undefined
  /** Only those who have this role. */
  readonly role?: string | undefined
}

/** What was used in some time, by whom, and what it cost. */
export interface UsageReport extends ReportPeriod, ReportLines {
  readonly gateway: string | null
  readonly username: string | null
  readonly role: string | null
  /** What stands beside costs; '' for nothing. */
  readonly currency: string
  readonly madeAt: number
}

/**
 * The report on a time, from hourly sums. A user counts under each role that they have now, or had until it
 * expired in that time: nobody has written down who had which role when. Throws not_found for a user or role
 * that there is not.
 */
export async function usageReport(
  { db, clock, terms }: UsageReportNeeds,
  { period, gateway, username, role }: UsageReportQuery,
): Promise<UsageReport> {
  if (role !== undefined) await requireRole(db, role)
  const named = username === undefined ? undefined : await idsOf(db, username)
  const memberships = (await listMemberships(db)).filter(
    ({ expires_at }) => expires_at === null || expires_at > period.from,
  )
  const members =
    role === undefined
      ? undefined
      : memberships.filter((has) => has.role === role).map(({ user_id }) => user_id)
  const userIds = named && members ? named.filter((id) => members.includes(id)) : (named ?? members)
  const rows = await inSlices(period, (slice) => usageByUser(db, { ...slice, gateway, userIds }))
  const lines = reportLines(rows.map(toUsed), peopleOf(rows, memberships), terms)
  return {
    ...period,
    gateway: gateway ?? null,
    username: username ?? null,
    role: role ?? null,
    currency: terms.currency,
    madeAt: clock.now(),
    ...lines,
    roles: role === undefined ? lines.roles : lines.roles.filter(({ name }) => name === role),
  }
}

async function idsOf(db: Db, username: string): Promise<string[]> {
  const named = await findUsersEver(db, username.toLowerCase())
  if (named.length === 0) throw new GatewayError('not_found', `there is no user "${username}"`)
  return named.map(({ id }) => id)
}

function peopleOf(
  rows: readonly UsageByUser[],
  memberships: readonly Membership[],
): Map<string, ReportedUser> {
  const roles = Map.groupBy(memberships, ({ user_id }) => user_id)
  return new Map(
    rows.map(({ user_id, username, deleted_at }) => [
      user_id,
      {
        name: deleted_at === null ? (username ?? user_id) : `${username} (deleted)`,
        roles: (roles.get(user_id) ?? []).map(({ role }) => role),
      },
    ]),
  )
}

const toUsed = (row: UsageByUser): UsedModel => ({
  userId: row.user_id,
  model: row.model,
  requests: row.requests,
  promptTokens: row.prompt_tokens,
  completionTokens: row.completion_tokens,
  computeMs: row.compute_ms,
  coldLoads: row.cold_loads,
  coldLoadMs: row.cold_load_ms,
  queueMs: row.queue_ms,
})
