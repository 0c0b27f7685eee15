import type { Db } from '../client.ts'

/** Whether that user has begun a session at the address, or used a key from there, since that time. */
export async function wasUsedFrom(
  db: Db,
  { username, address, since }: { username: string; address: string; since: number },
): Promise<boolean> {
  const sessions = db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .where('users.username', '=', username)
    .where('users.deleted_at', 'is', null)
    .where('sessions.address', '=', address)
    .where('sessions.rotated_at', '>=', since)
    .select('sessions.id')
  const keys = db
    .selectFrom('api_key_addresses')
    .innerJoin('api_keys', 'api_keys.id', 'api_key_addresses.key_id')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .where('users.username', '=', username)
    .where('users.deleted_at', 'is', null)
    .where('api_key_addresses.address', '=', address)
    .where('api_key_addresses.last_used_at', '>=', since)
    .select('api_keys.id')
  return (await sessions.unionAll(keys).limit(1).executeTakeFirst()) !== undefined
}
