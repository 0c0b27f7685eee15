import type { Grant } from './grant.ts'
import { modelPattern } from './model-name.ts'

/** What a key is restricted to. An empty list restricts nothing. */
export interface Scopes {
  /** Names of gateways. */
  readonly gateways: readonly string[]
  /** Canonical names of models, or patterns with `*`. */
  readonly models: readonly string[]
  readonly permissions: readonly string[]
  /** Addresses and CIDR blocks from which the key can be used. */
  readonly addresses: readonly string[]
}

/**
 * What is left of its owner's rights to a key with these scopes: never more. A key that is made for
 * certain gateways or models administers nothing, unless its permissions say so.
 */
export function restricted(owned: Grant, scopes: Scopes): Grant {
  const { gateways, models, permissions } = scopes
  const isForUse = gateways.length > 0 || models.length > 0
  const isLeft = (permission: string): boolean => {
    const [kind, gateway = ''] = permission.split(':')
    if (kind === 'gateway' && gateways.length > 0 && !gateways.includes(gateway)) return false
    if (permissions.includes(permission)) return true
    if (kind === 'gateway') return permissions.length === 0 || gateways.includes(gateway)
    // Models that run elsewhere are used, like any other.
    return permissions.length === 0 && (!isForUse || permission === 'cloud:use')
  }
  const named = models.map(modelPattern)
  return {
    permissions: new Set([...owned.permissions].filter(isLeft)),
    models:
      named.length === 0
        ? owned.models
        : [(canonical) => includes(named, canonical) && includes(owned.models, canonical)],
  }
}

const includes = (tests: Grant['models'], canonical: string): boolean =>
  tests.some((matches) => matches(canonical))
