import type { Db } from '../../db/client.ts'
import { databaseFault } from '../../db/codec.ts'
import { revokeKeys } from '../../db/queries/keys.ts'
import { deleteUserRole, listMemberships, upsertUserRole } from '../../db/queries/roles.ts'
import { revokeSessions } from '../../db/queries/sessions.ts'
import { insertUser, listUsers, updateUser } from '../../db/queries/users.ts'
import { ADMIN_ROLE, DEFAULT_ROLE } from '../domain/role.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { keepingAnAdmin } from './admins.ts'
import { requireGivable, requireNotSelf, requireOver } from './authority.ts'
import { change } from './change.ts'
import { changed } from './changed.ts'
import { requireRole } from './find.ts'
import type { Page } from './page.ts'
import { roleOf } from './role-reach.ts'
import { createUserPasswords, hashOf, type PasswordsNeeds } from './user-passwords.ts'
import { readUser, readUserPage, toUser, type User, type UserPage } from './user-view.ts'
import { checkUsername } from './username.ts'

export type { User } from './user-view.ts'

export interface NewUser {
  readonly username: string
  readonly roles?: readonly string[] | undefined
  readonly password?: string | undefined
}

export interface UserChange {
  /** The roles the user has from now on, instead of those they had. */
  readonly roles?: readonly string[] | undefined
  readonly admin?: boolean | undefined
  readonly disabled?: boolean | undefined
}

/** What can be done to users. Names are compared in lower case; errors are GatewayErrors. */
export function createUsers(needs: PasswordsNeeds) {
  const { db, clock, newId } = needs

  return {
    ...createUserPasswords(needs),

    /**
     * Throws invalid for a bad name or password, not_found for an unknown role, conflict when taken, and
     * forbidden for roles that may do more than the actor.
     */
    async create(actor: Actor, input: NewUser): Promise<User> {
      const username = input.username.toLowerCase()
      checkUsername(username)
      const hash =
        input.password === undefined ? null : await hashOf(needs, input.password, username)
      const roles = input.roles?.length ? input.roles : [DEFAULT_ROLE]
      return await change(needs, { actor, action: 'user.create', target: username }, async (tx) => {
        const now = clock.now()
        const user = { id: newId(), username, password_hash: hash, disabled: 0 }
        await insertUser(tx, { ...user, created_at: now, updated_at: now, deleted_at: null }).catch(
          (err) => refuseTaken(err, username),
        )
        for (const role of roles) await give(tx, actor, user.id, role)
        const result = await readUser(tx, username)
        return { result, detail: { before: null, after: stateOf(result) } }
      })
    },

    async list(filter: { role?: string | undefined } = {}): Promise<User[]> {
      if (filter.role) await requireRole(db, filter.role)
      const memberships = await listMemberships(db)
      const users = (await listUsers(db)).map((row) => toUser(row, memberships))
      return users.filter(({ roles }) => !filter.role || roles.some((r) => r.name === filter.role))
    },

    page: (of: UserPage): Promise<Page<User>> => readUserPage(db, of),

    /** Throws not_found. */
    info: (username: string): Promise<User> => readUser(db, username),

    /**
     * To disable somebody ends their sessions. Throws conflict when it would take away the last
     * administrator, and forbidden for a user or roles that may do more than the actor, and for roles of
     * the actor's own.
     */
    async update(actor: Actor, username: string, update: UserChange): Promise<User> {
      const target = username.toLowerCase()
      return await change(needs, { actor, action: 'user.update', target }, async (tx) => {
        const before = await readUser(tx, username)
        const now = clock.now()
        await requireOver(tx, actor, before, now)
        if (update.roles || update.admin !== undefined) requireNotSelf(actor, before.id)
        const endedSessions = await keepingAnAdmin(tx, async () => {
          await replaceRoles(tx, actor, before, update)
          if (update.disabled === undefined) return 0
          const disabled = Number(update.disabled)
          await updateUser(tx, before.id, { disabled, updated_at: now })
          return update.disabled ? await endSessions(tx, before.id, 'disabled') : 0
        })
        const after = await readUser(tx, username)
        const detail = { ...changed(stateOf(before), stateOf(after)), endedSessions }
        return { result: after, detail }
      })
    },

    /**
     * Ends the user, their keys and their sessions; the usage stays. Throws conflict for the last
     * administrator, and forbidden for a user who may do more than the actor.
     */
    async delete(actor: Actor, username: string): Promise<{ revokedKeys: number }> {
      const target = username.toLowerCase()
      return await change(needs, { actor, action: 'user.delete', target }, async (tx) => {
        const user = await readUser(tx, username)
        const now = clock.now()
        await requireOver(tx, actor, user, now)
        const ended = await keepingAnAdmin(tx, async () => {
          await updateUser(tx, user.id, { deleted_at: now, updated_at: now, password_hash: null })
          return {
            revokedKeys: await revokeKeys(tx, { userId: user.id }, now),
            endedSessions: await endSessions(tx, user.id, 'deleted'),
          }
        })
        const detail = { before: stateOf(user), after: null, ...ended }
        return { result: { revokedKeys: ended.revokedKeys }, detail }
      })
    },
  }

  function endSessions(tx: Db, userId: string, reason: string): Promise<number> {
    return revokeSessions(tx, { userId }, { at: clock.now(), reason })
  }

  async function give(tx: Db, actor: Actor, userId: string, roleName: string): Promise<void> {
    const role = await requireRole(tx, roleName)
    const granted_at = clock.now()
    await requireGivable(tx, actor, await roleOf(tx, role.name, granted_at), granted_at)
    await upsertUserRole(tx, { user_id: userId, role_id: role.id, granted_at, expires_at: null })
  }

  /** What is named in the change is given for good, even to who has it for a time. */
  async function replaceRoles(
    tx: Db,
    actor: Actor,
    before: User,
    { roles, admin }: UserChange,
  ): Promise<void> {
    const had = before.roles.map(({ name }) => name)
    const named = new Set(roles)
    if (admin) named.add(ADMIN_ROLE)
    const kept = roles ? had.filter((name) => name === ADMIN_ROLE) : had
    const wanted = new Set([...kept, ...named])
    if (admin === false) wanted.delete(ADMIN_ROLE)
    for (const name of had) {
      if (!wanted.has(name)) await deleteUserRole(tx, before.id, (await requireRole(tx, name)).id)
    }
    for (const name of named) if (wanted.has(name)) await give(tx, actor, before.id, name)
  }
}

function refuseTaken(err: unknown, username: string): never {
  if (databaseFault(err) !== 'unique') throw err
  throw new GatewayError('conflict', `there is a user "${username}" already`, { cause: err })
}

/** What the audit log says about a user. */
const stateOf = ({ disabled, roles }: User): Pick<User, 'disabled' | 'roles'> => ({
  disabled,
  roles,
})
