import type { Db } from '../../db/client.ts'
import { deleteIdempotencyKeys } from '../../db/queries/idempotency.ts'
import { deleteInvitationsEnded } from '../../db/queries/invitations.ts'
import { deleteKeyAddresses } from '../../db/queries/key-uses.ts'
import { deleteSessionsEnded } from '../../db/queries/sessions.ts'
import type { Clock } from '../domain/clock.ts'
import { IDEMPOTENCY_MS } from './idempotency.ts'

/** How long what is over can still be looked at, in ms. */
const KEPT_MS = 30 * 86_400_000
/** How long it is remembered from where a key was used, in ms. */
const PLACES_KEPT_MS = 365 * 86_400_000

export interface CleanUpNeeds {
  readonly db: Db
  readonly clock: Clock
}

/** Forgets what nobody needs any more: logins and invitations a month after their end, and the like. */
export function createCleanUp({ db, clock }: CleanUpNeeds) {
  return {
    /** Returns how many sessions and invitations it forgot. */
    async prune(): Promise<{ readonly sessions: number; readonly invitations: number }> {
      const before = clock.now() - KEPT_MS
      await deleteIdempotencyKeys(db, clock.now() - IDEMPOTENCY_MS)
      await deleteKeyAddresses(db, clock.now() - PLACES_KEPT_MS)
      return {
        sessions: await deleteSessionsEnded(db, before),
        invitations: await deleteInvitationsEnded(db, before),
      }
    },
  }
}
