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
  /** The id of the key, or of the session, that they have shown. */
  readonly keyId: string
  /** The session of an access token; null for a key. */
  readonly sessionId: string | null
  /** Whether the key is restricted to less than its owner may do. */
  readonly isScoped: boolean
  /** From where the key may be used, as addresses and blocks; null from anywhere. */
  readonly addresses: readonly string[] | null
  /** Everything that limits how much; those of one holder together. */
  readonly limits: readonly Limit[]
  /** When the key was replaced by another, in epoch ms, and when it ends; null when it was not. */
  readonly replaced: { readonly at: number; readonly endsAt: number } | null
  /** When the next role or the credential expires, in epoch ms; this object must not be used after it. */
  readonly validUntil: number
}

export const isPermitted = (grant: Grant, permission: Permission): boolean =>
  grant.permissions.has(permission)

/** True when the grant covers the model; one that leaves the machine needs `cloud:use` as well. */
export function mayUseModel(grant: Grant, model: ModelName): boolean {
  if (model.cloud && !isPermitted(grant, 'cloud:use')) return false
  return grant.models.some((matches) => matches(model.canonical))
}
