import type { Db } from '../../db/client.ts'
import { revokeKeys } from '../../db/queries/keys.ts'
import {
  findSession,
  listLiveSessions,
  raiseSessionVersions,
  revokeSessions,
  type SessionRow,
} from '../../db/queries/sessions.ts'
import type { UserRow } from '../../db/queries/users.ts'
import { ID_LENGTH } from '../domain/secret-text.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { requireOwnerOrOver } from './authority.ts'
import { change } from './change.ts'
import { requireUser } from './find.ts'
import { createLogin, type LoginNeeds } from './login.ts'
import { createRefresh, sessionOfToken } from './refresh.ts'
import { actorFrom, type LoginOrigin, REFRESH_GRACE_MS } from './session-tokens.ts'

/** What can be a session's id: nothing else is asked of the database. */
const SESSION_ID = new RegExp(`^[0-9A-Za-z]{${ID_LENGTH}}$`)

export type { LoginOrigin, Tokens } from './session-tokens.ts'

/** A login that is alive. Times are epoch ms. */
export interface Session {
  readonly id: string
  readonly username: string
  readonly createdAt: number
  /** When its refresh token was last used, and from where. */
  readonly lastUsedAt: number
  readonly address: string | null
  readonly agent: string | null
  /** When it ends unless it is used before. */
  readonly expiresAt: number
}

/** What can be done to sessions. Errors are GatewayErrors. */
export function createSessions(needs: LoginNeeds) {
  const { db, clock, now, refreshTokens } = needs

  return {
    login: createLogin(needs),
    refresh: createRefresh(needs),

    /**
     * Ends the session of a genuine refresh token, be it used up or not, or the one that is named;
     * false when it was over already, or the token is none.
     */
    async logout(
      by: { readonly sessionId: string } | { readonly refreshToken: string },
      from: LoginOrigin,
    ): Promise<boolean> {
      const session = 'sessionId' in by ? await find(by.sessionId) : await ofToken(by.refreshToken)
      if (!session || session.revoked_at !== null) return false
      const actor = actorFrom(`user:${session.username}`, from)
      return await end(actor, 'logout', session)
    },

    /** The user's live sessions, the newest first. Throws not_found for an unknown name. */
    async list(of: { readonly username: string } | { readonly userId: string }) {
      const userId = 'userId' in of ? of.userId : (await requireUser(db, of.username)).id
      return (await listLiveSessions(db, userId, await now(db))).map(toSession)
    },

    /**
     * Ends a session. Ending it again changes nothing. With an owner (their id), the sessions of others
     * are as good as unknown. Throws not_found, and forbidden for somebody who may do more.
     */
    async revoke(
      actor: Actor,
      sessionId: string,
      { owner }: { readonly owner?: string | undefined } = {},
    ): Promise<Session> {
      const session = await find(sessionId)
      if (!session || (owner !== undefined && session.user_id !== owner)) {
        throw new GatewayError('not_found', `there is no session with the id "${sessionId}"`)
      }
      if (session.revoked_at === null) await end(actor, 'session.revoke', session)
      return toSession(session)
    },

    /**
     * Ends all sessions of the user but `except`; returns how many were alive. Throws not_found, and
     * forbidden for somebody who may do more.
     */
    async revokeAll(
      actor: Actor,
      username: string,
      { except = null }: { readonly except?: string | null } = {},
    ): Promise<number> {
      return await changeAll(actor, 'session.revoke-all', username, async (tx, user, live) => {
        const at = await now(tx)
        await revokeSessions(tx, { userId: user.id, except }, { at, reason: 'revoked' })
        const sessions = live.filter(({ id }) => id !== except).length
        return { result: sessions, detail: { sessions } }
      })
    },

    /** Ends all sessions and all API keys of the user at once. Throws as `revokeAll` does. */
    async revokeEverything(
      actor: Actor,
      username: string,
    ): Promise<{ readonly sessions: number; readonly keys: number }> {
      return await changeAll(actor, 'user.revoke-all', username, async (tx, user, live) => {
        const at = await now(tx)
        await revokeSessions(tx, { userId: user.id }, { at, reason: 'revoked' })
        const ended = {
          sessions: live.length,
          keys: await revokeKeys(tx, { userId: user.id }, clock.now()),
        }
        return { result: ended, detail: ended }
      })
    },

    /**
     * Makes all access tokens of the user worthless at once; their refresh tokens get new ones.
     * Returns how many sessions there are. Throws as `revokeAll` does.
     */
    async rotateTokens(actor: Actor, username: string): Promise<number> {
      return await changeAll(actor, 'session.rotate-tokens', username, async (tx, user, live) => {
        const terms = { now: await now(tx), graceMs: REFRESH_GRACE_MS }
        await raiseSessionVersions(tx, user.id, terms)
        return { result: live.length, detail: { sessions: live.length } }
      })
    },
  }

  async function find(id: string): Promise<SessionRow | null> {
    return SESSION_ID.test(id) ? ((await findSession(db, id)) ?? null) : null
  }

  async function ofToken(token: string): Promise<SessionRow | null> {
    const presented = refreshTokens.read(token)
    return presented && (await sessionOfToken(db, presented))
  }

  async function end(actor: Actor, action: string, session: SessionRow): Promise<boolean> {
    const { id, username, user_id } = session
    return await change(needs, { actor, action, target: username }, async (tx) => {
      await requireOwnerOrOver(tx, actor, { id: user_id, username }, clock.now())
      const reason = action === 'logout' ? 'logout' : 'revoked'
      const count = await revokeSessions(tx, { id }, { at: await now(tx), reason })
      return { result: count > 0, detail: { sessionId: id } }
    })
  }

  async function changeAll<T>(
    actor: Actor,
    action: string,
    username: string,
    act: (
      tx: Db,
      user: UserRow,
      live: readonly SessionRow[],
    ) => Promise<{ readonly result: T; readonly detail: object }>,
  ): Promise<T> {
    const target = username.toLowerCase()
    await requireUser(db, target)
    return await change(needs, { actor, action, target }, async (tx) => {
      const user = await requireUser(tx, target)
      await requireOwnerOrOver(tx, actor, user, clock.now())
      return await act(tx, user, await listLiveSessions(tx, user.id, await now(tx)))
    })
  }
}

const toSession = (row: SessionRow): Session => ({
  id: row.id,
  username: row.username,
  createdAt: row.created_at,
  lastUsedAt: row.rotated_at,
  address: row.address,
  agent: row.agent,
  expiresAt: Math.min(row.idle_expires_at, row.expires_at),
})
