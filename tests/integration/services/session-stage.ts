import { randomBytes } from 'node:crypto'
import { createAccessTokens } from '../../../app/auth/access-token.ts'
import { createRefreshTokens } from '../../../app/auth/refresh-token.ts'
import { createSigningKeys } from '../../../app/auth/signing-keys.ts'
import type { Clock } from '../../../app/domain/clock.ts'
import { createSessions } from '../../../app/services/sessions.ts'
import { createSigningKeyRotation } from '../../../app/services/signing-key-rotation.ts'
import type { Db } from '../../../db/client.ts'
import { newId } from '../../../db/ids.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { testKeyring } from '../../support/builders.ts'
import { createClock } from '../../unit/support/clock.ts'

export const DAY_MS = 86_400_000
export const PASSWORD = 'violet-harbour-9-teapots'
/** Where tests log in from. */
export const FROM = { address: '192.0.2.7', agent: 'a browser', requestId: 'request-1' } as const

/** Hashing that costs nothing, and how often it was done. */
export function countedPasswords() {
  const done = { verified: 0, hashed: 0 }
  return {
    done,
    decoy: 'new: nobody has this',
    problem: async (password: string) =>
      password.length < 15 ? 'the password is too short' : null,
    async verify(password: string, hash: string) {
      done.verified++
      return hash === `new:${password}` || hash === `old:${password}`
    },
    async hash(password: string) {
      done.hashed++
      return `new:${password}`
    },
    needsRehash: (hash: string) => !hash.startsWith('new:'),
  }
}

/** What a server needs for logins, at a time that stands still. */
export function loginNeeds(db: Db, clock: Clock = createClock(1_800_000_000_000)) {
  const keyring = testKeyring
  const keys = createSigningKeys({ db, keyring, clock })
  const tokens = { keys, clock, newId, issuer: 'parallama', lifetimeS: 600 }
  return {
    db,
    clock,
    newId,
    keyring,
    random: randomBytes,
    now: async () => clock.now(),
    refreshTokens: createRefreshTokens(keyring),
    accessTokens: createAccessTokens(tokens),
    idleMs: 7 * DAY_MS,
    absoluteMs: 30 * DAY_MS,
    passwords: countedPasswords(),
  }
}

/** A server's sessions on that database, with a key to sign with. */
export async function setSessions(db: Db) {
  const clock = createClock(1_800_000_000_000)
  const needs = loginNeeds(db, clock)
  await createSigningKeyRotation({ ...needs, lifetimeS: 600, longestRequestMs: 0 }).ensure()
  const sessions = createSessions(needs)
  return {
    clock,
    needs,
    sessions,
    passwords: needs.passwords.done,
    login: (username = 'anna', password = PASSWORD) => sessions.login({ username, password }, FROM),
    revision: () => readRevision(db),
  }
}

export type SessionStage = Awaited<ReturnType<typeof setSessions>>

/** Adds a user whose password is stored as that. */
export async function addUser(
  db: Db,
  username: string,
  hash: string | null = `new:${PASSWORD}`,
): Promise<string> {
  const id = newId()
  const user = { id, username, password_hash: hash, disabled: 0 }
  await db
    .insertInto('users')
    .values({ ...user, created_at: 1, updated_at: 1, deleted_at: null })
    .execute()
  return id
}

/** The audit entries of an action, without their times and ids. */
export async function auditOf(db: Db, action: string) {
  const rows = await db
    .selectFrom('audit_log')
    .select(['actor', 'target', 'outcome', 'detail', 'address', 'request_id'])
    .where('action', '=', action)
    .orderBy('id')
    .execute()
  return rows.map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) }))
}
