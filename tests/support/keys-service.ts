import { randomBytes } from 'node:crypto'
import type { Principal } from '../../app/domain/grant.ts'
import type { Actor } from '../../app/services/actor.ts'
import { createKeys } from '../../app/services/keys.ts'
import type { Db } from '../../db/client.ts'
import { newId } from '../../db/ids.ts'
import { createClock } from '../unit/support/clock.ts'
import { principal } from '../unit/support/principal.ts'
import { testKeyring } from './builders.ts'
import { GATEWAY_NAMES } from './permissions.ts'

/** In the middle of a second, in the year 2027. */
export const AT = 1_800_000_000_500

/** The keys of that database, with a clock that goes on when it is told to. */
export function keysAt(db: Db, clock = createClock(AT)) {
  const needs = { db, clock, newId, keyring: testKeyring, random: randomBytes }
  return { keys: createKeys({ ...needs, gateways: GATEWAY_NAMES }), clock }
}

/** A user with these permissions who does something; `change` says what else they are. */
export const acting = (
  user: { readonly id: string; readonly username: string },
  permissions: readonly string[],
  change: Partial<Principal> = {},
): Actor => ({
  name: `user:${user.username}`,
  address: '192.0.2.9',
  requestId: 'request-1',
  principal: principal({
    userId: user.id,
    username: user.username,
    permissions: new Set(permissions),
    ...change,
  }),
})
