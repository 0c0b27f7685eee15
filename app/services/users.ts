import type { Db } from '../../db/client.ts'
import { databaseFault } from '../../db/codec.ts'
import { revokeKeys } from '../../db/queries/keys.ts'
import {
  deleteUserRole,
  listMemberships,
  type Membership,
  upsertUserRole,
} from '../../db/queries/roles.ts'
import { insertUser, listUsers, type UserRow, updateUser } from '../../db/queries/users.ts'
import { ADMIN_ROLE, DEFAULT_ROLE } from '../domain/role.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { keepingAnAdmin } from './admins.ts'
import { type ChangeNeeds, change } from './change.ts'
import { requireRole, requireUser } from './find.ts'

const USERNAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/

export interface UsersNeeds extends ChangeNeeds {
  readonly passwords: {
    problem(password: string, username: string): Promise<string | null>
    hash(password: string): Promise<string>
  }
}

export interface User {
  readonly id: string
  readonly username: string
  readonly disabled: boolean
  readonly roles: readonly { readonly name: string; readonly expiresAt: number | null }[]
  readonly createdAt: number
}

export interface NewUser {
  readonly username: string
  readonly roles?: readonly string[]
  readonly password?: string | undefined
}

export interface UserChange {
  /** The roles the user has from now on, instead of those they had. */
  readonly roles?: readonly string[] | undefined
  readonly admin?: boolean | undefined
  readonly disabled?: boolean | undefined
}

/** What can be done to users. Names are compared in lower case; errors are GatewayErrors. */
export function createUsers(needs: UsersNeeds) {
  const { db, clock, newId, passwords } = needs

  return {
    /** Throws invalid for a bad name or password, not_found for an unknown role, conflict when taken. */
    async create(actor: Actor, input: NewUser): Promise<User> {
      const username = input.username.toLowerCase()
      checkUsername(username)
      const hash = input.password === undefined ? null : await hashOf(input.password, username)
      const roles = input.roles?.length ? input.roles : [DEFAULT_ROLE]
      return await change(needs, { actor, action: 'user.create', target: username }, async (tx) => {
        const now = clock.now()
        const user = { id: newId(), username, password_hash: hash, disabled: 0 }
        await insertUser(tx, { ...user, created_at: now, updated_at: now, deleted_at: null }).catch(
          (err) => refuseTaken(err, username),
        )
        for (const role of roles) await give(tx, user.id, role)
        return { result: await view(tx, username), detail: { roles } }
      })
    },

    async list(filter: { role?: string | undefined } = {}): Promise<User[]> {
      if (filter.role) await requireRole(db, filter.role)
      const memberships = await listMemberships(db)
      const users = (await listUsers(db)).map((row) => toUser(row, memberships))
      return users.filter(({ roles }) => !filter.role || roles.some((r) => r.name === filter.role))
    },

    /** Throws not_found. */
    info: (username: string): Promise<User> => view(db, username),

    /** Throws conflict when it would take away the last administrator. */
    async update(actor: Actor, username: string, update: UserChange): Promise<User> {
      const target = username.toLowerCase()
      return await change(needs, { actor, action: 'user.update', target }, async (tx) => {
        const before = await view(tx, username)
        await keepingAnAdmin(tx, async () => {
          if (update.disabled !== undefined) {
            await updateUser(tx, before.id, {
              disabled: Number(update.disabled),
              updated_at: clock.now(),
            })
          }
          await replaceRoles(tx, before, update)
        })
        const after = await view(tx, username)
        return { result: after, detail: { before, after } }
      })
    },

    /** Ends the user and their keys; the usage stays. Throws conflict for the last administrator. */
    async delete(actor: Actor, username: string): Promise<{ revokedKeys: number }> {
      const target = username.toLowerCase()
      return await change(needs, { actor, action: 'user.delete', target }, async (tx) => {
        const { id } = await requireUser(tx, username)
        const now = clock.now()
        const revokedKeys = await keepingAnAdmin(tx, async () => {
          await updateUser(tx, id, { deleted_at: now, updated_at: now, password_hash: null })
          return await revokeKeys(tx, { userId: id }, now)
        })
        return { result: { revokedKeys }, detail: { revokedKeys } }
      })
    },

    /** Throws invalid with the rule that the password breaks. */
    async setPassword(actor: Actor, username: string, password: string): Promise<void> {
      const target = username.toLowerCase()
      await requireUser(db, username)
      const hash = await hashOf(password, target)
      await change(needs, { actor, action: 'user.password', target }, async (tx) => {
        const { id } = await requireUser(tx, username)
        await updateUser(tx, id, { password_hash: hash, updated_at: clock.now() })
        return { result: undefined, detail: {} }
      })
    },
  }

  async function hashOf(password: string, username: string): Promise<string> {
    const problem = await passwords.problem(password, username)
    if (problem) throw new GatewayError('invalid', problem)
    return await passwords.hash(password)
  }

  async function give(tx: Db, userId: string, roleName: string): Promise<void> {
    const role = await requireRole(tx, roleName)
    const granted_at = clock.now()
    await upsertUserRole(tx, { user_id: userId, role_id: role.id, granted_at, expires_at: null })
  }

  /** What is named in the change is given for good, even to who has it for a time. */
  async function replaceRoles(tx: Db, before: User, { roles, admin }: UserChange): Promise<void> {
    const had = before.roles.map(({ name }) => name)
    const named = new Set(roles)
    if (admin) named.add(ADMIN_ROLE)
    const kept = roles ? had.filter((name) => name === ADMIN_ROLE) : had
    const wanted = new Set([...kept, ...named])
    if (admin === false) wanted.delete(ADMIN_ROLE)
    for (const name of had) {
      if (!wanted.has(name)) await deleteUserRole(tx, before.id, (await requireRole(tx, name)).id)
    }
    for (const name of named) if (wanted.has(name)) await give(tx, before.id, name)
  }
}

function checkUsername(username: string): void {
  if (USERNAME.test(username)) return
  throw new GatewayError(
    'invalid',
    'a user name has 1 to 64 of the characters a-z 0-9 . _ @ - and begins with a letter or digit',
  )
}

function refuseTaken(err: unknown, username: string): never {
  if (databaseFault(err) !== 'unique') throw err
  throw new GatewayError('conflict', `there is a user "${username}" already`, { cause: err })
}

async function view(db: Db, username: string): Promise<User> {
  const user = await requireUser(db, username)
  return toUser(user, await listMemberships(db, [user.id]))
}

function toUser(row: UserRow, memberships: readonly Membership[]): User {
  const roles = memberships
    .filter(({ user_id }) => user_id === row.id)
    .map(({ role, expires_at }) => ({ name: role, expiresAt: expires_at }))
  const { id, username, created_at } = row
  return { id, username, disabled: row.disabled === 1, roles, createdAt: created_at }
}
