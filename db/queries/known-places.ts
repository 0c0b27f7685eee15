import type { Db } from '../client.ts'

/** The addresses at which that user has used a session or a key since that time, in epoch ms. */
export async function addressesOf(db: Db, username: string, since: number): Promise<string[]> {
  const sessions = db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .where('users.username', '=', username)
    .where('users.deleted_at', 'is', null)
    .where('sessions.rotated_at', '>=', since)
    .where('sessions.address', 'is not', null)
    .select((eb) => eb.ref('sessions.address').$notNull().as('address'))
  const keys = db
    .selectFrom('api_key_addresses')
    .innerJoin('api_keys', 'api_keys.id', 'api_key_addresses.key_id')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .where('users.username', '=', username)
    .where('users.deleted_at', 'is', null)
    .where('api_key_addresses.last_used_at', '>=', since)
    .select('api_key_addresses.address')
  const rows = await sessions.union(keys).execute()
  return rows.map(({ address }) => address)
}
