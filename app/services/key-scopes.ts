import type { Db } from '../../db/client.ts'
import type { ApiKeyScopesTable } from '../../db/schema.ts'
import { canonicalBlock } from '../domain/address.ts'
import { allPermissions } from '../domain/role.ts'
import type { Scopes } from '../domain/scopes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { permissionsOf } from './authority.ts'
import { knownNames } from './known-names.ts'
import { checkedPatterns } from './model-patterns.ts'

/** Most entries of one kind. */
const MAX_VALUES = 100

/** The scopes as they are stored. Throws invalid with what is wrong and what is valid. */
export function checkedScopes(scopes: Partial<Scopes> = {}, known: readonly string[]): Scopes {
  const { gateways = [], models = [], permissions = [], addresses = [] } = scopes
  if ([gateways, models, permissions, addresses].some(({ length }) => length > MAX_VALUES)) {
    throw new GatewayError('invalid', `a key has at most ${MAX_VALUES} scopes of each kind`)
  }
  return {
    gateways: knownNames('gateway', gateways, known),
    models: checkedPatterns(models),
    permissions: knownNames('permission', permissions, allPermissions(known)),
    addresses: [...new Set(addresses.map(checkedAddress))],
  }
}

/**
 * Throws forbidden when the scopes name a right that the owner does not have at that time: a key never
 * has more rights than its owner, so that one made for such a right would not work.
 */
export async function requireWithin(
  tx: Db,
  owner: { readonly id: string; readonly username: string },
  { gateways, permissions }: Scopes,
  now: number,
): Promise<void> {
  const owned = await permissionsOf(tx, owner.id, now)
  const wanted = [...gateways.map((name) => `gateway:${name}`), ...permissions]
  const missing = wanted.find((permission) => !owned.includes(permission))
  if (!missing) return
  throw new GatewayError(
    'forbidden',
    `${owner.username} does not have the permission ${missing}, so no key of theirs can have it; give them a role with it first`,
  )
}

/** The scopes as the rows of a key. */
export const scopeRows = (keyId: string, scopes: Scopes): ApiKeyScopesTable[] =>
  (
    [
      ['gateway', scopes.gateways],
      ['model', scopes.models],
      ['permission', scopes.permissions],
      ['address', scopes.addresses],
    ] as const
  ).flatMap(([kind, values]) => values.map((value) => ({ key_id: keyId, kind, value })))

function checkedAddress(text: string): string {
  const block = canonicalBlock(text.trim())
  if (block !== null) return block
  throw new GatewayError(
    'invalid',
    `"${text}" is no address or block of addresses; give one such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32`,
  )
}
