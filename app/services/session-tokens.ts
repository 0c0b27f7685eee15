import type { Db } from '../../db/client.ts'
import { insertSession, listLiveSessions, revokeSessions } from '../../db/queries/sessions.ts'
import type { SessionsTable } from '../../db/schema.ts'
import type { AccessTokens } from '../auth/access-token.ts'
import type { RefreshTokens } from '../auth/refresh-token.ts'
import { agentText } from '../domain/agent.ts'
import { ID_LENGTH, type RandomBytes, randomBase62 } from '../domain/secret-text.ts'
import type { Actor } from './actor.ts'
import type { ChangeNeeds } from './change.ts'

/** How many logins of a user live at a time; one more ends the oldest. */
const MAX_SESSIONS = 20
/** How long after its rotation a refresh token still gets the same successor, in ms. */
export const REFRESH_GRACE_MS = 10_000
const SALT_BYTES = 32

export interface SessionNeeds extends ChangeNeeds {
  /** The time by which sessions end and grace runs out, in epoch ms; all servers agree on it. */
  readonly now: (db: Db) => Promise<number>
  /** So many bytes from a cryptographically secure source. */
  readonly random: RandomBytes
  readonly refreshTokens: RefreshTokens
  readonly accessTokens: Pick<AccessTokens, 'issue' | 'lifetimeS'>
  /** How long a session lives that nobody uses, and how long in any case, in ms. */
  readonly idleMs: number
  readonly absoluteMs: number
}

/** What a login gives, and each refresh gives anew. */
export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  /** How long the access token is good, in seconds. */
  readonly expiresIn: number
  /** When the session ends unless the refresh token is used before, in whole seconds. */
  readonly refreshExpiresIn: number
}

/** Where a request comes from. */
export interface LoginOrigin {
  readonly address: string | null
  /** What the client says it is. */
  readonly agent: string | null
  readonly requestId: string | null
}

/** Who does something before anybody knows them, or by a token alone. */
export const actorFrom = (name: string, { address, requestId }: LoginOrigin): Actor => ({
  name,
  address,
  requestId,
  principal: null,
})

/**
 * Begins a session of the user, in the transaction of the login. Where they have as many as they can
 * have, it ends the oldest if `mayEnd`, which takes a transaction that raises the revision; else it
 * does nothing and returns null.
 */
export async function openSession(
  { now, random, idleMs, absoluteMs }: SessionNeeds,
  tx: Db,
  { userId, mayEnd }: { readonly userId: string; readonly mayEnd: boolean },
  { address, agent }: LoginOrigin,
): Promise<{ readonly session: SessionsTable; readonly ended: readonly string[] } | null> {
  const at = await now(tx)
  const surplus = (await listLiveSessions(tx, userId, at)).slice(MAX_SESSIONS - 1)
  if (surplus.length > 0 && !mayEnd) return null
  for (const { id } of surplus) await revokeSessions(tx, { id }, { at, reason: 'too-many' })
  const session = {
    id: randomBase62(ID_LENGTH, random),
    user_id: userId,
    salt: Buffer.from(random(SALT_BYTES)).toString('hex'),
    generation: 0,
    version: 0,
    created_at: at,
    rotated_at: at,
    idle_expires_at: at + Math.min(idleMs, absoluteMs),
    expires_at: at + absoluteMs,
    revoked_at: null,
    revoked_reason: null,
    address,
    agent: agentText(agent),
  }
  await insertSession(tx, session)
  return { session, ended: surplus.map(({ id }) => id) }
}

/** The live refresh token of a session, and a new access token. */
export async function tokensOf(
  { refreshTokens, accessTokens }: SessionNeeds,
  session: SessionsTable,
): Promise<Tokens> {
  const { id, user_id, salt, generation, version } = session
  const endsAt = Math.min(session.idle_expires_at, session.expires_at)
  return {
    accessToken: await accessTokens.issue({ userId: user_id, sessionId: id, version }),
    refreshToken: refreshTokens.mint({ sessionId: id, salt, generation }),
    expiresIn: accessTokens.lifetimeS,
    refreshExpiresIn: Math.floor((endsAt - session.rotated_at) / 1000),
  }
}
