import { type Admin, createAdmin, openPasswords } from '../../app/admin.ts'
import { openKeyring, readMasterSecret } from '../../app/auth/secrets.ts'
import { loadConfig } from '../../app/config.ts'
import { type Identity, openIdentity } from '../../app/open-identity.ts'
import type { Actor } from '../../app/services/actor.ts'
import { openStore } from '../../app/store.ts'
import type { Gateway } from './targets/target.ts'

/** What everybody here has for a password. */
export const PASSWORD = 'correct horse battery staple'

/** Who does what has to be done before a measurement. */
export const CLERK: Actor = { name: 'bench', address: null, requestId: null, principal: null }

/** Administration beside the server, on its database. */
export type Office = { admin: Admin; identity: Identity; stop: () => Promise<void> }

/** Opens the administration of a running Parallama. */
export async function openOffice({ env }: Gateway): Promise<Office> {
  const config = loadConfig({}, undefined, env)
  const store = await openStore(config, 'never')
  const keyring = openKeyring(readMasterSecret(config.secret, config.secretFile))
  const identity = openIdentity(config, store.db, keyring)
  const passwords = openPasswords(config.minPasswordLength)
  const hash = await passwords.hash(PASSWORD)
  // All have one hash: making one for each would take longer than most measurements.
  const known = { ...passwords, hash: async () => hash }
  const admin = createAdmin({ ...config, db: store.db, keyring, passwords: known })
  return { admin, identity, stop: store.close }
}

/** Adds users who are called `prefix-0`, `prefix-1` and so on; returns their names. */
export async function addUsers(
  { admin }: Office,
  prefix: string,
  count: number,
  password: string | undefined = PASSWORD,
): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `${prefix}-${i}`)
  for (const username of names) await admin.users.create(CLERK, { username, password })
  return names
}
