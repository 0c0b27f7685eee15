import { randomBytes } from 'node:crypto'
import type { Db } from '../db/client.ts'
import { newId } from '../db/ids.ts'
import { isCommonPassword } from './auth/common-passwords.ts'
import { createPasswords } from './auth/password.ts'
import type { Keyring } from './auth/secrets.ts'
import { systemClock } from './domain/clock.ts'
import { createKeys } from './services/keys.ts'
import { createRoles } from './services/roles.ts'
import { createUsage } from './services/usage.ts'
import { createUsers } from './services/users.ts'

export interface AdminNeeds {
  readonly db: Db
  readonly keyring: Keyring
  readonly minPasswordLength: number
}

/** The use cases of administration, ready to be called by a command or a route. */
export function createAdmin({ db, keyring, minPasswordLength }: AdminNeeds) {
  const needs = { db, clock: systemClock, newId }
  const passwords = createPasswords({ minLength: minPasswordLength, isCommon: isCommonPassword })
  return {
    users: createUsers({ ...needs, passwords }),
    keys: createKeys({ ...needs, keyring, random: randomBytes }),
    roles: createRoles(needs),
    usage: createUsage(needs),
  }
}

export type Admin = ReturnType<typeof createAdmin>
