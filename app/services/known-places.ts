import type { Db } from '../../db/client.ts'
import { wasUsedFrom } from '../../db/queries/known-places.ts'
import type { Clock } from '../domain/clock.ts'

/** How long an account is remembered at an address, in ms. */
const REMEMBERED_MS = 90 * 86_400_000

export interface KnownPlacesNeeds {
  readonly db: Db
  readonly clock: Clock
}

/** Whether an account was used from an address in the last months, by login or by key. */
export const createKnownPlaces =
  ({ db, clock }: KnownPlacesNeeds) =>
  async (username: string, address: string | null): Promise<boolean> =>
    address !== null &&
    (await wasUsedFrom(db, { username, address, since: clock.now() - REMEMBERED_MS }))
