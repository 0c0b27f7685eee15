import type { Db } from '../../db/client.ts'
import { findVerification, type VerificationRow } from '../../db/queries/verification.ts'
import type { Clock } from '../domain/clock.ts'
import type { Principal } from '../domain/grant.ts'
import { effectiveLimits } from '../domain/limit.ts'
import { modelPattern } from '../domain/model-name.ts'
import { parseLimit } from './limit-row.ts'

export interface LoaderNeeds {
  readonly db: Db
  readonly clock: Clock
}

/** Reads who a key's digest belongs to and what they may do now; null when it is good for nothing. */
export type LoadPrincipal = (digest: string) => Promise<Principal | null>

export const createPrincipalLoader =
  ({ db, clock }: LoaderNeeds): LoadPrincipal =>
  async (digest) => {
    const rows = await findVerification(db, digest)
    return toPrincipal(rows, clock.now())
  }

function toPrincipal(rows: readonly VerificationRow[], now: number): Principal | null {
  const [key] = rows
  if (!key || isOver(key.key_expires_at, now)) return null
  const held = rows.filter((row) => row.kind !== null && !isOver(row.expires_at, now))
  const values = (kind: string): string[] =>
    held.flatMap((row) => (row.kind === kind && row.value ? [row.value] : []))
  return {
    userId: key.user_id,
    username: key.username,
    keyId: key.key_id,
    permissions: new Set(values('permission')),
    models: [...new Set(values('model'))].map(modelPattern),
    limits: effectiveLimits(values('limit').map((text) => parseLimit(text, key))),
    validUntil: Math.min(
      key.key_expires_at ?? Number.POSITIVE_INFINITY,
      ...held.map((row) => row.expires_at ?? Number.POSITIVE_INFINITY),
    ),
  }
}

const isOver = (expiresAt: number | null, now: number): boolean =>
  expiresAt !== null && expiresAt <= now
