import type { Db } from '../../db/client.ts'
import { listMemberships } from '../../db/queries/roles.ts'
import { modelPattern, parseModelName } from '../domain/model-name.ts'
import { includesEverything, PRIORITIES, type Priority } from '../domain/role.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { isActive } from './role-lineage.ts'
import { type Role, readRoles } from './role-view.ts'

/** What somebody has of what roles give: nobody gives more. */
export interface Reach {
  readonly permissions: ReadonlySet<string>
  /** Names and patterns. */
  readonly models: readonly string[]
  /** The largest, and the highest, of any of their roles. */
  readonly weight: number
  readonly priority: Priority
}

/** What a user has at that time through all their roles; nothing without any. */
export async function reachOf(db: Db, userId: string, now: number): Promise<Reach> {
  const [roles, memberships] = await Promise.all([
    readRoles(db, now),
    listMemberships(db, [userId]),
  ])
  const names = new Set(memberships.filter((held) => isActive(held, now)).map(({ role }) => role))
  const held = roles.filter(({ name }) => names.has(name))
  return {
    permissions: new Set(held.flatMap(({ permissions }) => permissions)),
    models: held.flatMap(({ models }) => models),
    weight: Math.max(0, ...held.map(({ weight }) => weight)),
    priority:
      held.map(({ priority }) => priority).toSorted((a, b) => rank(b) - rank(a))[0] ?? 'low',
  }
}

/** What a role gives, or what somebody has. */
type Given = Omit<Reach, 'permissions'> & { readonly permissions: Iterable<string> }

/** What of it, in words, is not within reach; null when all of it is. Who may do everything reaches all. */
export function beyondReach(reach: Reach, given: Given): string | null {
  if (includesEverything(reach.permissions)) return null
  const permission = [...given.permissions].find((name) => !reach.permissions.has(name))
  if (permission) return `the permission ${permission}`
  const model = given.models.find((pattern) => !covers(reach.models, pattern))
  if (model) return `the models ${model}`
  if (given.weight > reach.weight) return `the weight ${given.weight}`
  return rank(given.priority) > rank(reach.priority) ? `the priority ${given.priority}` : null
}

/** The role of that name, as it is at that time. Throws not_found. */
export async function roleOf(db: Db, name: string, now: number): Promise<Role> {
  const role = (await readRoles(db, now)).find((known) => known.name === name)
  if (role) return role
  throw new GatewayError('not_found', `there is no role "${name}"`)
}

/** Whether one pattern matches no more than others can't be told: only a name, or the same pattern. */
function covers(own: readonly string[], pattern: string): boolean {
  if (own.includes('*') || own.includes(pattern)) return true
  const name = pattern.includes('*') ? null : parseModelName(pattern)
  return name !== null && own.some((known) => modelPattern(known)(name.canonical))
}

const rank = (priority: Priority): number => PRIORITIES.indexOf(priority)
