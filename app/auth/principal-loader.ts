import type { Db } from '../../db/client.ts'
import {
  type CredentialName,
  findVerification,
  type VerificationRow,
} from '../../db/queries/verification.ts'
import type { Clock } from '../domain/clock.ts'
import type { Principal } from '../domain/grant.ts'
import { effectiveLimits } from '../domain/limit.ts'
import { modelPattern } from '../domain/model-name.ts'
import { restricted, type Scopes } from '../domain/scopes.ts'
import { parseLimit } from './limit-row.ts'

export interface LoaderNeeds {
  readonly db: Db
  readonly clock: Clock
  /** Whether access tokens are still signed, or were lately, with the key of that name. */
  readonly isSigner: (signingKeyId: string) => Promise<boolean>
}

/** What names a credential: the digest of a key, or what an access token says. */
export type Credential =
  | { readonly digest: string }
  | { readonly sessionId: string; readonly version: number; readonly signedBy: string }

/** Reads who a credential belongs to and what they may do now; null when it is good for nothing. */
export type LoadPrincipal = (credential: Credential) => Promise<Principal | null>

export const createPrincipalLoader =
  ({ db, clock, isSigner }: LoaderNeeds): LoadPrincipal =>
  async (credential) => {
    // Each time: a token that was read long ago is worth no more than the key that has signed it.
    if ('signedBy' in credential && !(await isSigner(credential.signedBy))) return null
    const rows = await findVerification(db, credential satisfies CredentialName)
    if ('version' in credential && rows[0]?.version !== credential.version) return null
    return toPrincipal(rows, clock.now())
  }

function toPrincipal(rows: readonly VerificationRow[], now: number): Principal | null {
  const [own] = rows
  if (!own || isOver(own.credential_expires_at, now)) return null
  const held = rows.filter((row) => row.kind !== null && !isOver(row.expires_at, now))
  const values = (kind: string): string[] =>
    held.flatMap((row) => (row.kind === kind && row.value ? [row.value] : []))
  const owned = {
    permissions: new Set(values('permission')),
    models: [...new Set(values('model'))].map(modelPattern),
  }
  const scopes: Scopes = {
    gateways: values('scope:gateway'),
    models: values('scope:model'),
    permissions: values('scope:permission'),
    addresses: values('scope:address'),
  }
  const endsAt = own.credential_expires_at ?? Number.POSITIVE_INFINITY
  return {
    ...restricted(owned, scopes),
    userId: own.user_id,
    username: own.username,
    keyId: own.id,
    sessionId: own.version === null ? null : own.id,
    isScoped: Object.values(scopes).some((values) => values.length > 0),
    addresses: scopes.addresses.length > 0 ? scopes.addresses : null,
    limits: effectiveLimits(values('limit').map((text) => parseLimit(text, own))),
    replaced: own.replaced_at === null ? null : { at: own.replaced_at, endsAt },
    validUntil: Math.min(endsAt, ...held.map((row) => row.expires_at ?? Number.POSITIVE_INFINITY)),
  }
}

const isOver = (expiresAt: number | null, now: number): boolean =>
  expiresAt !== null && expiresAt <= now
