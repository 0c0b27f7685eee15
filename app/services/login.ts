import type { Db } from '../../db/client.ts'
import { claimLogin, findLogin, type LoginRow } from '../../db/queries/passwords.ts'
import type { SessionsTable } from '../../db/schema.ts'
import type { Passwords } from '../auth/password.ts'
import { isUsername } from '../domain/username.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { writeAudit } from './audit-trail.ts'
import { change } from './change.ts'
import {
  actorFrom,
  type LoginOrigin,
  openSession,
  type SessionNeeds,
  type Tokens,
  tokensOf,
} from './session-tokens.ts'

export interface LoginNeeds extends SessionNeeds {
  readonly passwords: Pick<Passwords, 'verify' | 'hash' | 'needsRehash' | 'decoy'>
}

export interface PasswordLogin {
  readonly username: string
  readonly password: string
}

/** A user whose password was right when it was read, and the hash that it gets. */
interface Proven {
  readonly user: LoginRow
  readonly hash: { readonly read: string; readonly now: string }
}

/**
 * Logs a user in. Whoever it is, one password is verified, so that neither the answer nor its time
 * tells which names exist. Throws login_failed, whatever the reason, and busy.
 */
export const createLogin =
  (needs: LoginNeeds) =>
  async (given: PasswordLogin, from: LoginOrigin): Promise<Tokens & { username: string }> => {
    const proven = await prove(needs, given, from)
    const session = await begin(needs, proven, from)
    if (!session) return await refuse(needs, proven.user, 'changed meanwhile', from)
    return { username: proven.user.username, ...(await tokensOf(needs, session)) }
  }

async function prove(
  needs: LoginNeeds,
  { username, password }: PasswordLogin,
  from: LoginOrigin,
): Promise<Proven> {
  const { db, passwords } = needs
  const name = username.toLowerCase()
  const user = isUsername(name) ? await findLogin(db, name) : undefined
  const hash = user?.password_hash ?? null
  const isRight = await passwords.verify(password, hash ?? passwords.decoy)
  if (!user) return await refuse(needs, null, 'unknown user', from)
  if (hash === null) return await refuse(needs, user, 'no password', from)
  if (!isRight) return await refuse(needs, user, 'wrong password', from)
  if (user.disabled === 1) return await refuse(needs, user, 'disabled', from)
  const now = passwords.needsRehash(hash) ? await passwords.hash(password) : hash
  return { user, hash: { read: hash, now } }
}

/**
 * A login empties no cache: only one that ends an older session raises the revision. Which of the two
 * it is must be known before, as the revision's row is always taken first. Null when the password or
 * the user has changed since it was verified.
 */
async function begin(
  needs: LoginNeeds,
  { user, hash }: Proven,
  from: LoginOrigin,
): Promise<SessionsTable | null> {
  const { db } = needs
  const actor = actorFrom(`user:${user.username}`, from)
  const act = { actor, action: 'login', target: user.username }
  const open = async (tx: Db, mayEnd: boolean) => {
    if (!(await claimLogin(tx, user.id, hash))) return 'changed'
    return (await openSession(needs, tx, { userId: user.id, mayEnd }, from)) ?? 'full'
  }
  const opened = await db.transaction().execute(async (tx) => {
    const opened = await open(tx, false)
    if (typeof opened === 'object') {
      const detail = { sessionId: opened.session.id }
      await writeAudit(needs, tx, act, { outcome: 'done', detail })
    }
    return opened
  })
  if (typeof opened === 'object') return opened.session
  if (opened === 'changed') return null
  return await change(needs, act, async (tx) => {
    const opened = await open(tx, true)
    if (typeof opened !== 'object') throw new ChangedMeanwhile()
    const { session, ended } = opened
    return { result: session, detail: { sessionId: session.id, endedSessions: ended } }
  }).catch((err: unknown) => {
    if (err instanceof ChangedMeanwhile) return null
    throw err
  })
}

/** The password or the user is no longer what was verified. */
class ChangedMeanwhile extends Error {}

/** People type passwords into the field of the name: it is noted only when there is such a user. */
async function refuse(
  needs: LoginNeeds,
  user: LoginRow | null,
  reason: string,
  from: LoginOrigin,
): Promise<never> {
  const actor = actorFrom('anonymous', from)
  const act = { actor, action: 'login', target: user?.username ?? '-' }
  await writeAudit(needs, needs.db, act, { outcome: 'refused', detail: { reason } })
  throw loginFailed()
}

const loginFailed = (): GatewayError =>
  new GatewayError('login_failed', 'the user name or the password is wrong')
