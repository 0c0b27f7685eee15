import type { Db } from '../../db/client.ts'
import {
  listRoles,
  type RoleRow,
  replaceRoleModels,
  replaceRolePermissions,
  updateRole,
} from '../../db/queries/roles.ts'
import { MAX_AMOUNT } from '../domain/limit.ts'
import { allPermissions, MAX_WEIGHT, PRIORITIES } from '../domain/role.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { ChangeNeeds } from './change.ts'
import { requireRole } from './find.ts'
import { checkDescription } from './key-options.ts'
import { knownNames } from './known-names.ts'
import { checkedPatterns } from './model-patterns.ts'
import { setConcurrencyCap } from './role-concurrency.ts'
import { lineageOf } from './role-lineage.ts'
import type { Role } from './role-view.ts'

const NAME = /^[a-z][a-z0-9_-]{0,31}$/
/** Most model names and patterns of one role. */
const MAX_MODELS = 1000

/** What can be set of a role. What is left out stays; null takes that of the role it includes. */
export interface RoleSettings {
  /** The role that it includes; null for none. */
  readonly parent?: string | null | undefined
  readonly description?: string | undefined
  /** Its own; beside them it has those of the roles that it includes. */
  readonly permissions?: readonly string[] | undefined
  /** Names and patterns with `*`, in the same way. */
  readonly models?: readonly string[] | undefined
  /** The share of a busy host, 1 to 1000, beside others. */
  readonly weight?: number | null | undefined
  /** `low`, `normal` or `high`. */
  readonly priority?: string | null | undefined
  /** How many requests each member may have at once; null for no cap of its own. */
  readonly concurrent?: number | null | undefined
}

/** Throws invalid for what can't be a role's name. */
export function checkRoleName(name: string): void {
  if (NAME.test(name)) return
  throw new GatewayError(
    'invalid',
    'a role name has 1 to 32 of the characters a-z 0-9 _ - and begins with a letter',
  )
}

/** The settings as they are stored. Throws invalid with what is wrong and what is valid. */
export function checkedSettings(settings: RoleSettings, gateways: readonly string[]): RoleSettings {
  const { description, permissions, models, weight, priority, concurrent } = settings
  if (description !== undefined) checkDescription(description)
  checkWhole('weight', weight, MAX_WEIGHT)
  checkWhole('number of concurrent requests', concurrent, MAX_AMOUNT['concurrent-requests'])
  if (priority != null && !PRIORITIES.some((known) => known === priority)) {
    throw new GatewayError(
      'invalid',
      `a priority is ${PRIORITIES.join(', ')}, not "${priority.slice(0, 32)}"`,
    )
  }
  if (models && models.length > MAX_MODELS) {
    throw new GatewayError('invalid', `a role has at most ${MAX_MODELS} models and patterns`)
  }
  return {
    ...settings,
    permissions: permissions && knownNames('permission', permissions, allPermissions(gateways)),
    models: models && checkedPatterns(models),
  }
}

/** Writes checked settings. Throws not_found for an unknown parent, conflict for one that makes a cycle. */
export async function applySettings(
  needs: Pick<ChangeNeeds, 'clock' | 'newId'>,
  tx: Db,
  role: Pick<RoleRow, 'id' | 'name'>,
  settings: RoleSettings,
): Promise<void> {
  const { parent, description, permissions, models, weight, priority, concurrent } = settings
  await updateRole(tx, role.id, {
    ...(parent !== undefined && { parent_id: await parentId(tx, role, parent) }),
    ...(description !== undefined && { description }),
    ...(weight !== undefined && { weight }),
    ...(priority !== undefined && { priority }),
  })
  if (permissions) await replaceRolePermissions(tx, role.id, permissions)
  if (models) await replaceRoleModels(tx, role.id, models)
  if (concurrent !== undefined) await setConcurrencyCap(needs, tx, role.id, concurrent)
}

/** What is written down for the role itself, for the audit log. */
export const settingsOf = (role: Role): Required<RoleSettings> => ({
  parent: role.parent,
  description: role.description,
  permissions: role.ownPermissions,
  models: role.ownModels,
  weight: role.ownWeight,
  priority: role.ownPriority,
  concurrent: role.ownConcurrent,
})

async function parentId(
  tx: Db,
  role: Pick<RoleRow, 'id' | 'name'>,
  parent: string | null,
): Promise<string | null> {
  if (parent === null) return null
  const found = await requireRole(tx, parent)
  const all = await listRoles(tx)
  const line = lineageOf(found.id, all)
  const at = line.indexOf(role.id)
  if (at < 0) return found.id
  const between = line.slice(0, at + 1).map((id) => all.find((known) => known.id === id)?.name)
  throw new GatewayError(
    'conflict',
    `the role ${role.name} would include itself: ${[role.name, ...between].join(' → ')}`,
  )
}

function checkWhole(what: string, value: number | null | undefined, max: number): void {
  if (value == null || (Number.isSafeInteger(value) && value >= 1 && value <= max)) return
  throw new GatewayError('invalid', `the ${what} must be a whole number from 1 to ${max}`)
}
