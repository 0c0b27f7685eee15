import type { Db } from '../../db/client.ts'
import { addressesOf } from '../../db/queries/known-places.ts'
import { subscriberOf } from '../domain/address.ts'
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
  async (username: string, address: string | null): Promise<boolean> => {
    const place = subscriberOf(address)
    if (place === null) return false
    const known = await addressesOf(db, username, clock.now() - REMEMBERED_MS)
    return known.some((other) => subscriberOf(other) === place)
  }
