import type { Db } from '../../db/client.ts'
import { findKey, insertKey, type KeyRow, listKeys, revokeKeys } from '../../db/queries/keys.ts'
import { apiKeyId, mintApiKey } from '../domain/api-key.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { type ChangeNeeds, change } from './change.ts'
import { requireUser } from './find.ts'

const MAX_DESCRIPTION = 200

export interface KeysNeeds extends ChangeNeeds {
  readonly keyring: { digest(apiKey: string): string }
  /** So many bytes from a cryptographically secure source. */
  readonly random: (bytes: number) => Uint8Array
}

export interface Key {
  readonly id: string
  readonly username: string
  readonly description: string
  readonly lastFour: string
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly status: 'active' | 'expired' | 'revoked'
}

/** A new key: the only time its text is known. */
export type NewKey = Key & { readonly key: string }

export interface KeyOptions {
  readonly description?: string | undefined
  /** When it stops working, in epoch ms. */
  readonly expiresAt?: number | undefined
}

/** What can be done to API keys. Errors are GatewayErrors. */
export function createKeys(needs: KeysNeeds) {
  const { db, clock, keyring, random } = needs

  return {
    /** Throws not_found for an unknown user and invalid for a description that can't be kept. */
    async generate(actor: Actor, username: string, options: KeyOptions = {}): Promise<NewKey> {
      const description = options.description ?? ''
      checkDescription(description)
      const { id, text } = mintApiKey(random)
      return await change(needs, { actor, action: 'key.generate', target: id }, async (tx) => {
        const user = await requireUser(tx, username)
        const row = {
          id,
          user_id: user.id,
          last_four: text.slice(-4),
          description,
          created_at: clock.now(),
          expires_at: options.expiresAt ?? null,
          revoked_at: null,
        }
        await insertKey(tx, { ...row, digest: keyring.digest(text) })
        const key = toKey(await requireKey(tx, id), clock.now())
        return { result: { ...key, key: text }, detail: { username: user.username, description } }
      })
    },

    /** The keys of one user, or of all. Throws not_found for an unknown user. */
    async list(username?: string): Promise<Key[]> {
      const user = username === undefined ? undefined : await requireUser(db, username)
      return (await listKeys(db, user?.id)).map((row) => toKey(row, clock.now()))
    },

    /** Takes the id, or the key itself. Revoking again changes nothing. Throws not_found. */
    async revoke(actor: Actor, idOrKey: string): Promise<Key> {
      const id = apiKeyId(idOrKey) ?? idOrKey
      const before = await requireKey(db, id)
      if (before.revoked_at !== null) return toKey(before, clock.now())
      return await change(needs, { actor, action: 'key.revoke', target: id }, async (tx) => {
        const now = clock.now()
        await revokeKeys(tx, { id }, now)
        const row = await requireKey(tx, id)
        return { result: toKey(row, now), detail: { username: row.username } }
      })
    },
  }
}

async function requireKey(db: Db, id: string): Promise<KeyRow> {
  const key = await findKey(db, id)
  if (!key) throw new GatewayError('not_found', `there is no key with the id "${id}"`)
  return key
}

function checkDescription(description: string): void {
  if (description.length <= MAX_DESCRIPTION && !/\p{Cc}/u.test(description)) return
  throw new GatewayError(
    'invalid',
    `a description has at most ${MAX_DESCRIPTION} characters, and no control characters`,
  )
}

function toKey(row: KeyRow, now: number): Key {
  const expired = row.expires_at !== null && row.expires_at <= now
  return {
    id: row.id,
    username: row.username,
    description: row.description,
    lastFour: row.last_four,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    status: row.revoked_at !== null ? 'revoked' : expired ? 'expired' : 'active',
  }
}
