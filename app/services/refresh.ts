import type { Db } from '../../db/client.ts'
import {
  findSession,
  revokeSessions,
  rotateSession,
  type SessionRow,
} from '../../db/queries/sessions.ts'
import type { SessionsTable } from '../../db/schema.ts'
import type { PresentedToken } from '../auth/refresh-token.ts'
import { agentText } from '../domain/agent.ts'
import { type Presentation, present, type RefreshFamily } from '../domain/refresh-family.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { change } from './change.ts'
import {
  actorFrom,
  type LoginOrigin,
  REFRESH_GRACE_MS,
  type SessionNeeds,
  type Tokens,
  tokensOf,
} from './session-tokens.ts'

/**
 * Gives new tokens for a refresh token, which is thereby used up. Of a token that is presented again
 * after its moment of grace nobody can tell whose it is: its session ends. One that was made up changes
 * nothing. Throws refresh_invalid, whatever the reason.
 */
export const createRefresh =
  (needs: SessionNeeds) =>
  async (token: string, from: LoginOrigin): Promise<Tokens> => {
    const presented = needs.refreshTokens.read(token)
    // Before a transaction is begun for it: strangers can make up as many as they like.
    if (!presented || !(await sessionOfToken(needs.db, presented))) throw refreshInvalid()
    const session = await needs.db.transaction().execute((tx) => move(needs, tx, presented, from))
    if (session) return await tokensOf(needs, session)
    await endReused(needs, presented, from)
    throw refreshInvalid()
  }

/** The session a genuine token belongs to; null for one that was made up or is long forgotten. */
export async function sessionOfToken(
  db: Db,
  presented: PresentedToken,
): Promise<SessionRow | null> {
  const session = await findSession(db, presented.sessionId)
  return session && presented.isGenuine(session.salt) ? session : null
}

/** The session as it is after the token; null when the token had been used up. */
async function move(
  needs: SessionNeeds,
  tx: Db,
  presented: PresentedToken,
  from: LoginOrigin,
): Promise<SessionsTable | null> {
  // Twice at most: who was overtaken has no live token the second time.
  for (;;) {
    const { session, decision } = await decide(needs, tx, presented)
    if (decision.verdict === 'reuse') return null
    if (decision.verdict === 'repeat') return session
    const { generation, rotatedAt, idleExpiresAt } = decision.next
    const rotated = await rotateSession(tx, session, {
      generation,
      rotated_at: rotatedAt,
      idle_expires_at: idleExpiresAt,
      address: from.address,
      agent: agentText(from.agent),
    })
    if (rotated) return rotated
  }
}

async function endReused(
  needs: SessionNeeds,
  presented: PresentedToken,
  from: LoginOrigin,
): Promise<void> {
  const found = await sessionOfToken(needs.db, presented)
  if (!found) return
  const actor = actorFrom(`session:${found.id}`, from)
  const act = { actor, action: 'session.reuse', target: found.username }
  await change(needs, act, async (tx) => {
    const { session, decision } = await decide(needs, tx, presented)
    const end = { at: await needs.now(tx), reason: 'reuse' }
    const isReused = decision.verdict === 'reuse'
    // Somebody else has ended it a moment ago: then there is nothing to tell anybody.
    if (!isReused || (await revokeSessions(tx, session, end)) === 0) throw refreshInvalid()
    const { generation } = presented
    const detail = { sessionId: session.id, generation, live: session.generation }
    return { result: undefined, detail }
  })
}

/** Throws refresh_invalid where there is nothing to decide. */
async function decide(
  { now, idleMs }: SessionNeeds,
  tx: Db,
  presented: PresentedToken,
): Promise<{ session: SessionRow; decision: Exclude<Presentation, { verdict: 'ended' }> }> {
  const session = await sessionOfToken(tx, presented)
  if (!session || session.disabled === 1 || session.deleted_at !== null) throw refreshInvalid()
  const terms = { idleMs, graceMs: REFRESH_GRACE_MS }
  const decision = present(familyOf(session), presented.generation, await now(tx), terms)
  if (decision.verdict === 'ended') throw refreshInvalid()
  return { session, decision }
}

const familyOf = (session: SessionsTable): RefreshFamily => ({
  generation: session.generation,
  rotatedAt: session.rotated_at,
  idleExpiresAt: session.idle_expires_at,
  expiresAt: session.expires_at,
  revokedAt: session.revoked_at,
})

/** The same for whatever is presented that is no live token: nobody learns why. */
export const refreshInvalid = (): GatewayError =>
  new GatewayError('refresh_invalid', 'this refresh token is not good; log in again')
