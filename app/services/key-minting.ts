import type { Db } from '../../db/client.ts'
import { insertScopes } from '../../db/queries/key-scopes.ts'
import { insertKey, type NewKeyRow } from '../../db/queries/keys.ts'
import type { ApiKey } from '../domain/api-key.ts'
import type { Scopes } from '../domain/scopes.ts'
import type { ChangeNeeds } from './change.ts'
import { scopeRows } from './key-scopes.ts'

export interface MintingNeeds extends ChangeNeeds {
  readonly keyring: {
    digest(apiKey: string): string
    seal(text: string, place: string): string
    open(sealed: string, place: string): string
  }
  /** So many bytes from a cryptographically secure source. */
  readonly random: (bytes: number) => Uint8Array
}

/** What a new key is like, but for what is minted. */
export interface KeyPlan
  extends Pick<
    NewKeyRow,
    'user_id' | 'description' | 'family_id' | 'rotate_every_ms' | 'rotation_grace_ms'
  > {
  readonly expires_at: number | null
  readonly scopes: Scopes
  /** Whether the text is kept, encrypted, until its owner has it. */
  readonly sealed: boolean
}

/** Where the text of a key is kept: it can be opened for no other. */
export const sealedPlace = (id: string): string => `api-key ${id}`

/** Stores a new key with its scopes. */
export async function storeKey(
  { keyring, clock }: MintingNeeds,
  tx: Db,
  { id, text }: ApiKey,
  { scopes, sealed, ...plan }: KeyPlan,
): Promise<void> {
  const now = clock.now()
  await insertKey(tx, {
    ...plan,
    id,
    digest: keyring.digest(text),
    last_four: text.slice(-4),
    created_at: now,
    revoked_at: null,
    rotates_at: plan.rotate_every_ms ? now + plan.rotate_every_ms : null,
    sealed_text: sealed ? keyring.seal(text, sealedPlace(id)) : null,
  })
  await insertScopes(tx, scopeRows(id, scopes))
}
