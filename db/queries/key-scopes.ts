import type { Db } from '../client.ts'
import type { ApiKeyScopesTable } from '../schema.ts'

/** Keys in one statement. */
const MAX_KEYS = 500

export async function insertScopes(tx: Db, scopes: readonly ApiKeyScopesTable[]): Promise<void> {
  if (scopes.length === 0) return
  await tx.insertInto('api_key_scopes').values(scopes).execute()
}

/** What these keys are restricted to. */
export async function listScopes(db: Db, keyIds: readonly string[]): Promise<ApiKeyScopesTable[]> {
  const rows: ApiKeyScopesTable[] = []
  for (let start = 0; start < keyIds.length; start += MAX_KEYS) {
    const query = db
      .selectFrom('api_key_scopes')
      .select(['key_id', 'kind', 'value'])
      .where('key_id', 'in', keyIds.slice(start, start + MAX_KEYS))
    rows.push(...(await query.execute()))
  }
  return rows
}
