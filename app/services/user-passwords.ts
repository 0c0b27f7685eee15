import { claimLogin, findLogin, type LoginRow } from '../../db/queries/passwords.ts'
import { revokeSessions } from '../../db/queries/sessions.ts'
import { updateUser } from '../../db/queries/users.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { requireOver, requireUnscoped } from './authority.ts'
import { type ChangeNeeds, change, noted } from './change.ts'
import { requireUser } from './find.ts'

export interface PasswordsNeeds extends ChangeNeeds {
  readonly passwords: {
    problem(password: string, username: string): Promise<string | null>
    hash(password: string): Promise<string>
    verify(password: string, hash: string): Promise<boolean>
  }
}

/** The password's hash. Throws invalid with the rule that the password breaks, and busy. */
export async function hashOf(
  { passwords }: Pick<PasswordsNeeds, 'passwords'>,
  password: string,
  username: string,
): Promise<string> {
  const problem = await passwords.problem(password, username)
  if (problem) throw new GatewayError('invalid', problem)
  return await passwords.hash(password)
}

/** How users get passwords; a new one ends the sessions that began with another. */
export function createUserPasswords(needs: PasswordsNeeds) {
  const { db, clock, passwords } = needs

  return {
    /**
     * Sets somebody's password and ends all their sessions. Throws not_found, invalid with the rule that
     * the password breaks, and forbidden for a user who may do more than the actor, and with a key that
     * is restricted.
     */
    async setPassword(actor: Actor, username: string, password: string): Promise<void> {
      const target = username.toLowerCase()
      const entry = { actor, action: 'user.password', target }
      await requireUser(db, username)
      await noted(needs, entry, () => requireUnscoped(actor))
      const hash = await hashOf(needs, password, target)
      await change(needs, entry, async (tx) => {
        const user = await requireUser(tx, username)
        const now = clock.now()
        await requireOver(tx, actor, user, now)
        await updateUser(tx, user.id, { password_hash: hash, updated_at: now })
        const end = { at: now, reason: 'password' }
        const endedSessions = await revokeSessions(tx, { userId: user.id }, end)
        return { result: undefined, detail: { endedSessions } }
      })
    },

    /**
     * Replaces the actor's own password, and ends all their sessions but `keepSession`. Throws forbidden
     * when `current` is not it, invalid with the rule that `next` breaks, and conflict when the password
     * was changed at the same time.
     */
    async changePassword(
      actor: Actor,
      username: string,
      current: string,
      next: string,
      keepSession: string | null = null,
    ): Promise<void> {
      const target = username.toLowerCase()
      const entry = { actor, action: 'user.password', target }
      const { user, read } = await noted(needs, entry, async () => {
        requireUnscoped(actor)
        return await requireCurrent(actor, await findLogin(db, target), current)
      })
      const hash = await hashOf(needs, next, target)
      await change(needs, entry, async (tx) => {
        const now = clock.now()
        if (!(await claimLogin(tx, user.id, { read, now: hash }))) {
          throw new GatewayError('conflict', 'the password was changed at the same time; try again')
        }
        await updateUser(tx, user.id, { updated_at: now })
        const end = { at: now, reason: 'password' }
        const by = { userId: user.id, except: keepSession }
        return { result: undefined, detail: { endedSessions: await revokeSessions(tx, by, end) } }
      })
    },
  }

  async function requireCurrent(actor: Actor, user: LoginRow | undefined, current: string) {
    const isOwn = user !== undefined && [undefined, user.id].includes(actor.principal?.userId)
    const read = isOwn ? user.password_hash : null
    if (isOwn && read !== null && (await passwords.verify(current, read))) return { user, read }
    throw new GatewayError('forbidden', 'the current password is another one')
  }
}
