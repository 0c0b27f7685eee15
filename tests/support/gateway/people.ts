import type { Admin } from '../../../app/admin.ts'
import type { KeyOptions } from '../../../app/services/keys.ts'
import type { Db } from '../../../db/client.ts'
import { newId } from '../../../db/ids.ts'
import { raiseRevision } from '../../../db/queries/revision.ts'
import { TESTER } from '../builders.ts'

/** Somebody with an API key. */
export interface TestUser {
  readonly id: string
  readonly username: string
  readonly key: string
  readonly keyId: string
}

export interface NewTestUser {
  /** Default `['basic']`; an empty list makes a user without any role. */
  readonly roles?: readonly string[]
  readonly key?: KeyOptions
}

export interface NewTestRole {
  readonly permissions?: readonly string[]
  /** Names and patterns; default every model. */
  readonly models?: readonly string[]
}

/** Makers of those who call a gateway. */
export interface People {
  /** A new user with a new key. */
  user(options?: NewTestUser): Promise<TestUser>
  /** A new user with the role `admin`. */
  administrator(): Promise<TestUser>
  /** A new role without a parent; its name. */
  role(options: NewTestRole): Promise<string>
}

let made = 0

/** Makes people in that database. */
export function createPeople(db: Db, admin: Admin): People {
  const user = async ({ roles = ['basic'], key = {} }: NewTestUser = {}): Promise<TestUser> => {
    const username = `user-${made++}`
    const { id } = await admin.users.create(TESTER, { username, roles })
    if (roles.length === 0) await admin.roles.revoke(TESTER, username, 'basic')
    const { key: text, id: keyId } = await admin.keys.generate(TESTER, username, key)
    return { id, username, key: text, keyId }
  }

  return {
    user,
    administrator: () => user({ roles: ['admin'] }),
    async role({ permissions = ['gateway:ollama'], models = ['*'] }) {
      const id = newId()
      const name = `role-${made++}`
      await db.transaction().execute(async (tx) => {
        await raiseRevision(tx)
        const role = { id, name, parent_id: null, description: '', created_at: Date.now() }
        await tx.insertInto('roles').values(role).execute()
        for (const permission of permissions) {
          await tx.insertInto('role_permissions').values({ role_id: id, permission }).execute()
        }
        for (const pattern of models) {
          await tx.insertInto('model_policies').values({ role_id: id, pattern }).execute()
        }
      })
      return name
    },
  }
}
