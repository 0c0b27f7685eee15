import { randomBytes } from 'node:crypto'
import type { Db } from '../db/client.ts'
import { databaseTime } from '../db/codec.ts'
import { newId } from '../db/ids.ts'
import type { AccessTokens } from './auth/access-token.ts'
import { isCommonPassword } from './auth/common-passwords.ts'
import { createPasswords, type Passwords } from './auth/password.ts'
import { createRefreshTokens } from './auth/refresh-token.ts'
import type { Keyring } from './auth/secrets.ts'
import { systemClock } from './domain/clock.ts'
import { namesOf, placesOf, workingOperations } from './gateway-names.ts'
import type { Gateway } from './gateways/gateway.ts'
import { GATEWAYS } from './gateways/registry.ts'
import type { BucketReader } from './limits/bucket-reader.ts'
import { createStoredBuckets } from './limits/stored-buckets.ts'
import { createAudit } from './services/audit.ts'
import type { ChangeNeeds, Transact } from './services/change.ts'
import { createCleanUp } from './services/clean-up.ts'
import { createCurrentUsage } from './services/current-usage.ts'
import { createGateways } from './services/gateways.ts'
import { createKeys } from './services/keys.ts'
import { createLimits } from './services/limits.ts'
import { createRegistration } from './services/registration.ts'
import { createRoles } from './services/roles.ts'
import { createSessions } from './services/sessions.ts'
import { createSigningKeyRotation } from './services/signing-key-rotation.ts'
import { createUsage } from './services/usage.ts'
import { createUsageAudit } from './services/usage-audit.ts'
import { createUsageReports } from './services/usage-reports.ts'
import { createUsers } from './services/users.ts'
import type { Config } from './settings.ts'

const DAY_MS = 86_400_000

type AdminSettings = Pick<
  Config,
  | 'minPasswordLength'
  | 'accessTokenMinutes'
  | 'sessionIdleDays'
  | 'sessionDays'
  | 'registration'
  | 'bodyTimeoutSeconds'
  | 'requestTimeoutSeconds'
  | 'gateways'
  | 'usage'
  | 'ollamaUrls'
  | 'maxContextTokens'
>

export interface AdminNeeds extends AdminSettings {
  readonly db: Db
  readonly keyring: Keyring
  /** The gateways that there are; those of the registry when left out. */
  readonly registry?: readonly Gateway[] | undefined
  /** Where hashing takes turns; a queue of its own when left out. */
  readonly passwords?: Passwords | undefined
  /** Where access tokens are made; nobody can log in when it is left out. */
  readonly accessTokens?: AccessTokens | undefined
  /** Where the buckets of limits are kept; in the database when left out. */
  readonly buckets?: BucketReader | undefined
  /** The models on all hosts, or null when that can't be told; never told when left out. */
  readonly installedModels?: (() => Promise<readonly string[] | null>) | undefined
  /** Makes changes hold before anybody is told that they are done. */
  readonly announce?: ChangeNeeds['announce']
  /** Where a change is part of something larger. */
  readonly transact?: Transact | undefined
}

/** The use cases of administration, ready to be called by a command or a route. */
export function createAdmin({ db, keyring, minPasswordLength, ...rest }: AdminNeeds) {
  const { announce, transact } = rest
  const needs = { db, clock: systemClock, newId, announce, transact }
  const passwords = rest.passwords ?? openPasswords(minPasswordLength)
  const installedModels = rest.installedModels ?? (async () => null)
  const registry = rest.registry ?? GATEWAYS
  const gateways = namesOf(registry)
  const buckets = rest.buckets ?? createStoredBuckets(needs)
  const lifetimeS = rest.accessTokenMinutes * 60
  const logins = {
    ...needs,
    keyring,
    passwords,
    random: randomBytes,
    now: async (db: Db) => (await databaseTime(db)) ?? systemClock.now(),
    refreshTokens: createRefreshTokens(keyring),
    accessTokens: rest.accessTokens ?? { lifetimeS, issue: noLogins },
    idleMs: rest.sessionIdleDays * DAY_MS,
    absoluteMs: rest.sessionDays * DAY_MS,
  }
  const limits = createLimits({
    ...needs,
    buckets,
    installedModels,
    gateways,
    operations: workingOperations(registry),
  })
  return {
    users: createUsers({ ...needs, passwords }),
    keys: createKeys({ ...needs, keyring, gateways, random: randomBytes }),
    roles: createRoles({ ...needs, gateways }),
    audit: createAudit(needs),
    usage: createUsage(needs),
    currentUsage: createCurrentUsage({ ...needs, gateways, limitsOf: limits.get }),
    auditUsage: createUsageAudit({ ...needs, retentionDays: rest.usage.retentionDays }),
    usageReports: createUsageReports({
      ...needs,
      terms: rest.usage,
      hosts: rest.ollamaUrls.length,
      maxContextTokens: rest.maxContextTokens,
      installedModels,
    }),
    limits,
    gateways: createGateways({
      ...needs,
      installedModels,
      places: placesOf(registry),
      fromFile: rest.gateways,
    }),
    sessions: createSessions(logins),
    registration: createRegistration({ ...logins, isOpen: rest.registration }),
    signingKeys: createSigningKeyRotation({
      ...needs,
      keyring,
      lifetimeS,
      longestRequestMs: (rest.bodyTimeoutSeconds + rest.requestTimeoutSeconds) * 1000,
    }),
    cleanUp: createCleanUp(needs),
  }
}

const noLogins = (): Promise<never> =>
  Promise.reject(new Error('there is nothing here to make access tokens with'))

/** Hashes passwords in turns; those that many people use are refused. */
export const openPasswords = (minLength: number): Passwords =>
  createPasswords({ minLength, isCommon: isCommonPassword })

export type Admin = ReturnType<typeof createAdmin>
