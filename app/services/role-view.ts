import type { Db } from '../../db/client.ts'
import { listLimitsOf } from '../../db/queries/limits.ts'
import {
  listMemberships,
  listRoleModels,
  listRolePermissions,
  listRoles,
  type Membership,
  type RoleRow,
} from '../../db/queries/roles.ts'
import { BUILT_IN_ROLES, DEFAULT_PRIORITY, DEFAULT_WEIGHT, type Priority } from '../domain/role.ts'
import { isConcurrencyCap } from './role-concurrency.ts'
import { isActive, lineageOf } from './role-lineage.ts'

/** A role: what holds for its members, and what of it is written down for the role itself. */
export interface Role {
  readonly name: string
  /** The role that it includes. */
  readonly parent: string | null
  readonly description: string
  /** Its own first, then those of the roles that it includes. */
  readonly permissions: readonly string[]
  readonly ownPermissions: readonly string[]
  /** Names and patterns, in the same order. */
  readonly models: readonly string[]
  readonly ownModels: readonly string[]
  /** The share of a busy host, 1 to 1000, beside others; its own, or the nearest that it includes. */
  readonly weight: number
  readonly ownWeight: number | null
  readonly priority: Priority
  readonly ownPriority: Priority | null
  /** How many requests a member may have at once; the largest of its line, null for no cap. */
  readonly concurrent: number | null
  readonly ownConcurrent: number | null
  /** Whether it is one of those that can't be deleted. */
  readonly builtIn: boolean
  /** How many users have it now. */
  readonly members: number
}

/** All roles in the order of their names; memberships as they are at that time, in epoch ms. */
export async function readRoles(db: Db, now: number): Promise<Role[]> {
  const rows = await listRoles(db)
  const ids = rows.map(({ id }) => id)
  const [permissions, models, limits, memberships] = await Promise.all([
    listRolePermissions(db),
    listRoleModels(db),
    listLimitsOf(db, 'role', ids),
    listMemberships(db),
  ])
  const own = new Map(
    rows.map((row) => [
      row.id,
      {
        row,
        permissions: permissions.flatMap((p) => (p.role_id === row.id ? [p.permission] : [])),
        models: models.flatMap((m) => (m.role_id === row.id ? [m.pattern] : [])),
        concurrent:
          limits.find((limit) => limit.subject_id === row.id && isConcurrencyCap(limit))?.amount ??
          null,
      },
    ]),
  )
  return rows.map((row) => {
    const line = lineageOf(row.id, rows).flatMap((id) => own.get(id) ?? [])
    return toRole(row, line, membershipsIn(row, memberships, now))
  })
}

/** The memberships in a role that have not expired. */
export const membershipsIn = (
  { name }: Pick<RoleRow, 'name'>,
  memberships: readonly Membership[],
  now: number,
): Membership[] => memberships.filter((held) => held.role === name && isActive(held, now))

interface Own {
  readonly row: RoleRow
  readonly permissions: readonly string[]
  readonly models: readonly string[]
  readonly concurrent: number | null
}

function toRole(row: RoleRow, line: readonly Own[], members: readonly Membership[]): Role {
  const [own] = line
  const first = <T>(of: (own: Own) => T | null): T | null =>
    line.map(of).find((value) => value !== null) ?? null
  const caps = line.flatMap(({ concurrent }) => concurrent ?? [])
  return {
    name: row.name,
    parent: row.parent,
    description: row.description,
    permissions: [...new Set(line.flatMap(({ permissions }) => permissions))],
    ownPermissions: own?.permissions ?? [],
    models: [...new Set(line.flatMap(({ models }) => models))],
    ownModels: own?.models ?? [],
    weight: first(({ row }) => row.weight) ?? DEFAULT_WEIGHT,
    ownWeight: row.weight,
    priority: first(priorityOf) ?? DEFAULT_PRIORITY,
    ownPriority: priorityOf({ row }),
    concurrent: caps.length > 0 ? Math.max(...caps) : null,
    ownConcurrent: own?.concurrent ?? null,
    builtIn: BUILT_IN_ROLES.includes(row.name),
    members: members.length,
  }
}

const priorityOf = ({ row }: Pick<Own, 'row'>): Priority | null => row.priority as Priority | null
