import type { Db } from '../client.ts'
import { inByteOrder } from '../codec.ts'
import type { ApiKeyAddressesTable } from '../schema.ts'

export interface LastUse {
  readonly keyId: string
  readonly at: number
  readonly address: string | null
  readonly agent: string | null
}

/**
 * Writes down when and by whom a key was used, unless that was done at `before` or since; a key that
 * has been used needs to be delivered no more.
 */
export async function touchKey(
  tx: Db,
  { keyId, at, address, agent }: LastUse,
  before: number,
): Promise<void> {
  await tx
    .updateTable('api_keys')
    .set({
      last_used_at: at,
      last_used_address: address,
      last_used_agent: agent,
      sealed_text: null,
    })
    .where('id', '=', keyId)
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<=', before)]))
    .execute()
}

/** Remembers from where a key was used; returns whether it was the first time. */
export async function addKeyAddress(tx: Db, use: ApiKeyAddressesTable): Promise<boolean> {
  const result = await tx
    .insertInto('api_key_addresses')
    .values(use)
    .onConflict((conflict) => conflict.columns(['key_id', 'address']).doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows) > 0
}

/** Writes down when a key was last used from there, unless that was done at `before` or since. */
export async function touchKeyAddress(
  tx: Db,
  use: Pick<ApiKeyAddressesTable, 'key_id' | 'address' | 'last_used_at'>,
  before: number,
): Promise<void> {
  await tx
    .updateTable('api_key_addresses')
    .set({ last_used_at: use.last_used_at })
    .where('key_id', '=', use.key_id)
    .where('address', '=', use.address)
    .where('last_used_at', '<=', before)
    .execute()
}

/** From where a key was used, the latest first; at most so many. */
export async function listKeyAddresses(
  db: Db,
  keyId: string,
  limit: number,
): Promise<ApiKeyAddressesTable[]> {
  return await db
    .selectFrom('api_key_addresses')
    .select(['key_id', 'address', 'first_used_at', 'last_used_at'])
    .where('key_id', '=', keyId)
    .orderBy('last_used_at', 'desc')
    .orderBy(inByteOrder(db, 'address'))
    .limit(limit)
    .execute()
}

/** Forgets from where keys were used for the last time before that time, in epoch ms. */
export async function deleteKeyAddresses(db: Db, before: number): Promise<void> {
  await db.deleteFrom('api_key_addresses').where('last_used_at', '<', before).execute()
}
