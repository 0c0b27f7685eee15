import type { Db } from '../../db/client.ts'
import { listScopes } from '../../db/queries/key-scopes.ts'
import { findKey, type KeyRow } from '../../db/queries/keys.ts'
import type { ApiKeyScopesTable } from '../../db/schema.ts'
import { apiKeyId } from '../domain/api-key.ts'
import type { Scopes } from '../domain/scopes.ts'
import { GatewayError } from '../errors/gateway-error.ts'

export type KeyStatus = 'active' | 'replaced' | 'expired' | 'revoked'

/** An API key as people see it; times are epoch ms. */
export interface Key {
  readonly id: string
  readonly username: string
  readonly description: string
  readonly lastFour: string
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  /** A key that is replaced works until it expires. */
  readonly status: KeyStatus
  readonly scopes: Scopes
  /** The first key of those that were made by rotation; what limits it limits all of them together. */
  readonly familyId: string
  /** The key that was made to take its place. */
  readonly replacedBy: string | null
  readonly rotation: Rotation | null
  /** Null when it was never used; exact to a minute. */
  readonly lastUse: KeyLastUse | null
}

export interface Rotation {
  readonly everyMs: number
  /** How long the old key goes on working. */
  readonly graceMs: number
  /** When the next key is made; null when it has been, or when the key is over. */
  readonly nextAt: number | null
}

export interface KeyLastUse {
  readonly at: number
  readonly address: string | null
  readonly agent: string | null
}

/** A new key: the only time its text is known. */
export type NewKey = Key & { readonly key: string }

/**
 * The id that somebody gave, alone or in the text of a key. Throws not_found for what looks like a key
 * and is none: it may be one with a letter missing, which must not get into any message.
 */
export function keyIdIn(idOrKey: string): string {
  const given = idOrKey.trim()
  const id = apiKeyId(given)
  if (id !== null) return id
  if (!given.startsWith('plk_')) return given
  throw new GatewayError(
    'not_found',
    'this looks like a key and is none: its checksum is wrong; give all of it, or its id alone',
  )
}

/**
 * The key of that id or text, which belongs to that user where one is given: to them nobody else's
 * keys exist. Throws not_found.
 */
export async function requireKey(db: Db, idOrKey: string, owner?: string): Promise<KeyRow> {
  const id = keyIdIn(idOrKey)
  const key = await findKey(db, id)
  if (key && (owner === undefined || key.user_id === owner)) return key
  throw new GatewayError('not_found', `there is no key with the id "${id}"`)
}

/** Keys as people see them at that time, in the same order. */
export async function viewKeys(db: Db, rows: readonly KeyRow[], now: number): Promise<Key[]> {
  const ids = rows.map(({ id }) => id)
  const scopes = Map.groupBy(await listScopes(db, ids), ({ key_id }) => key_id)
  return rows.map((row) => toKey(row, toScopes(scopes.get(row.id) ?? []), now))
}

/** The same for one key, as it is in the database. Throws not_found. */
export async function viewKey(db: Db, id: string, now: number): Promise<Key> {
  const row = await requireKey(db, id)
  return toKey(row, toScopes(await listScopes(db, [id])), now)
}

/** What has become of a key by that time. */
export function statusOf(
  row: Pick<KeyRow, 'revoked_at' | 'expires_at' | 'replaced_by'>,
  now: number,
): KeyStatus {
  if (row.revoked_at !== null) return 'revoked'
  if (row.expires_at !== null && row.expires_at <= now) return 'expired'
  return row.replaced_by === null ? 'active' : 'replaced'
}

/** Rows of one key as its scopes. */
export function toScopes(rows: readonly ApiKeyScopesTable[]): Scopes {
  const values = (kind: string): string[] =>
    rows.flatMap((row) => (row.kind === kind ? [row.value] : [])).sort()
  return {
    gateways: values('gateway'),
    models: values('model'),
    permissions: values('permission'),
    addresses: values('address'),
  }
}

function toKey(row: KeyRow, scopes: Scopes, now: number): Key {
  const status = statusOf(row, now)
  return {
    id: row.id,
    username: row.username,
    description: row.description,
    lastFour: row.last_four,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    status,
    scopes,
    familyId: row.family_id,
    replacedBy: row.replaced_by,
    rotation: toRotation(row, status),
    lastUse:
      row.last_used_at === null
        ? null
        : { at: row.last_used_at, address: row.last_used_address, agent: row.last_used_agent },
  }
}

function toRotation(row: KeyRow, status: KeyStatus): Rotation | null {
  if (row.rotate_every_ms === null) return null
  return {
    everyMs: row.rotate_every_ms,
    graceMs: row.rotation_grace_ms ?? 0,
    nextAt: status === 'active' ? row.rotates_at : null,
  }
}
