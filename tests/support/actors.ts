import type { Admin } from '../../app/admin.ts'
import { createPrincipalLoader } from '../../app/auth/principal-loader.ts'
import type { Actor } from '../../app/services/actor.ts'
import type { KeyOptions } from '../../app/services/keys.ts'
import type { Db } from '../../db/client.ts'
import { TESTER, testKeyring } from './builders.ts'

interface World {
  readonly db: Db
  readonly admin: Admin
}

/** The user with a new key, as whoever calls with it: with the rights that they have at the moment. */
export async function actorOf(
  { db, admin }: World,
  username: string,
  options: KeyOptions = {},
): Promise<Actor> {
  const { key } = await admin.keys.generate(TESTER, username, options)
  const load = createPrincipalLoader({
    isSigner: async () => true,
    db,
    clock: { now: () => Date.now() },
  })
  const principal = await load({ digest: testKeyring.digest(key) })
  if (!principal) throw new Error(`the new key of ${username} is good for nothing`)
  return { name: `user:${username}`, address: '192.0.2.7', requestId: 'request-1', principal }
}

/** A new user whose role permits just that, beside what the role basic does, as an actor. */
export async function actorWith(
  world: World,
  username: string,
  permissions: readonly string[],
): Promise<Actor> {
  const name = `${username}-role`
  await world.admin.roles.create(TESTER, { name, parent: 'basic', permissions })
  await world.admin.users.create(TESTER, { username, roles: [name] })
  return await actorOf(world, username)
}
