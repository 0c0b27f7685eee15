import type { Limit } from './limit.ts'
import type { ModelName } from './model-name.ts'
import type { Permission } from './role.ts'

/** What somebody may do: the union over their roles and their ancestors. */
export interface Grant {
  readonly permissions: ReadonlySet<string>
  /** Tests of canonical model names; a model is allowed when one of them says so. */
  readonly models: readonly ((canonical: string) => boolean)[]
}

/** Who is calling, and what they may do, as of the moment it was read from the database. */
export interface Principal extends Grant {
  readonly userId: string
  readonly username: string
  readonly keyId: string
  /** Everything that limits how much; those of one holder together. */
  readonly limits: readonly Limit[]
  /** When the next role or the key expires, in epoch ms; this object must not be used after it. */
  readonly validUntil: number
}

export const isPermitted = (grant: Grant, permission: Permission): boolean =>
  grant.permissions.has(permission)

/** True when the grant covers the model; one that leaves the machine needs `cloud:use` as well. */
export function mayUseModel(grant: Grant, model: ModelName): boolean {
  if (model.cloud && !isPermitted(grant, 'cloud:use')) return false
  return grant.models.some((matches) => matches(model.canonical))
}
