import type { Db } from '../../db/client.ts'
import { listKeys } from '../../db/queries/keys.ts'
import { listLimitsOf } from '../../db/queries/limits.ts'
import { listRoles, type RoleRow } from '../../db/queries/roles.ts'
import type { LimitsTable } from '../../db/schema.ts'
import { effectiveLimits, type Limit, type Unit, type Window } from '../domain/limit.ts'
import { limitFor, type StoredRule, type SubjectKind } from '../domain/stored-rule.ts'
import { statusOf } from './key-view.ts'
import type { FoundSubject } from './limit-subject.ts'
import { heldRoles, lineageOf } from './role-lineage.ts'

/** In the place of a member's id, where a role is looked at and no member of it. */
const NO_MEMBER = ''

/**
 * The limits that apply: to a user those of their own, of their roles and of all their keys that still
 * work; to a key those of its owner and its own; to a role those that each of its members has through
 * it, which then are nobody's in particular.
 */
export async function appliedLimits(
  db: Db,
  { kind, id, user }: FoundSubject,
  now: number,
): Promise<Limit[]> {
  if (!user) return await limitsOfRole(db, id)
  const families = kind === 'key' ? [id] : await workingFamilies(db, user.id, now)
  return await limitsOfUser(db, user.id, now, families)
}

/** The limits of a user at that time, with those on these families of keys: what admission gives. */
export async function limitsOfUser(
  db: Db,
  userId: string,
  now: number,
  families: readonly string[] = [],
): Promise<Limit[]> {
  const roles = await heldRoles(db, userId, now)
  const rules = await Promise.all([
    listLimitsOf(db, 'user', [userId]),
    listLimitsOf(db, 'key', families),
    rulesOfRoles(db, roles),
  ])
  return effectiveLimits(rules.flat().map((row) => limitFor(userId, toRule(row, roles))))
}

/** Whether a limit is one bucket of somebody; a role's template is that of each member. */
export const hasHolder = ({ holder }: Limit): boolean => holder !== `user:${NO_MEMBER}`

/** A row as a rule; `roles` are those it may belong to. */
export function toRule(row: LimitsTable, roles: readonly RoleRow[]): StoredRule {
  return {
    kind: row.subject_kind as SubjectKind,
    subject: row.subject_id,
    shared: row.shared === 1,
    gateway: row.gateway,
    model: row.model,
    unit: row.unit as Unit,
    window: row.window as Window,
    amount: row.amount,
    shadow: row.shadow === 1,
    since: row.created_at,
    role:
      roles.find(({ id }) => row.subject_kind === 'role' && id === row.subject_id)?.name ?? null,
  }
}

async function limitsOfRole(db: Db, roleId: string): Promise<Limit[]> {
  const all = await listRoles(db)
  const line = lineageOf(roleId, all)
  const rows = await listLimitsOf(db, 'role', line)
  return effectiveLimits(rows.map((row) => limitFor(NO_MEMBER, toRule(row, all))))
}

const rulesOfRoles = (db: Db, roles: readonly RoleRow[]): Promise<LimitsTable[]> =>
  listLimitsOf(
    db,
    'role',
    roles.map(({ id }) => id),
  )

/** A key and the one that was made in its place are limited as one. */
async function workingFamilies(db: Db, userId: string, now: number): Promise<string[]> {
  const working = (await listKeys(db, userId)).filter((key) =>
    ['active', 'replaced'].includes(statusOf(key, now)),
  )
  return [...new Set(working.map(({ family_id }) => family_id))]
}
