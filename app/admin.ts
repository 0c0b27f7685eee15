import { randomBytes } from 'node:crypto'
import type { Db } from '../db/client.ts'
import { newId } from '../db/ids.ts'
import { isCommonPassword } from './auth/common-passwords.ts'
import { createPasswords } from './auth/password.ts'
import type { Keyring } from './auth/secrets.ts'
import { systemClock } from './domain/clock.ts'
import type { BucketReader } from './limits/bucket-reader.ts'
import { createStoredBuckets } from './limits/stored-buckets.ts'
import { createKeys } from './services/keys.ts'
import { createLimits } from './services/limits.ts'
import { createRoles } from './services/roles.ts'
import { createUsage } from './services/usage.ts'
import { createUsers } from './services/users.ts'

export interface AdminNeeds {
  readonly db: Db
  readonly keyring: Keyring
  readonly minPasswordLength: number
  /** Where the buckets of limits are kept; in the database when left out. */
  readonly buckets?: BucketReader | undefined
  /** The models on all hosts, or null when that can't be told; never told when left out. */
  readonly installedModels?: (() => Promise<readonly string[] | null>) | undefined
}

/** The use cases of administration, ready to be called by a command or a route. */
export function createAdmin({ db, keyring, minPasswordLength, ...rest }: AdminNeeds) {
  const needs = { db, clock: systemClock, newId }
  const passwords = createPasswords({ minLength: minPasswordLength, isCommon: isCommonPassword })
  const installedModels = rest.installedModels ?? (async () => null)
  const buckets = rest.buckets ?? createStoredBuckets(needs)
  return {
    users: createUsers({ ...needs, passwords }),
    keys: createKeys({ ...needs, keyring, random: randomBytes }),
    roles: createRoles(needs),
    usage: createUsage(needs),
    limits: createLimits({ ...needs, buckets, installedModels }),
  }
}

export type Admin = ReturnType<typeof createAdmin>
