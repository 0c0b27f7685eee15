import type { DatabaseHandle } from '../client.ts'
import { isPostgres } from '../codec.ts'

/** Which of these requests have a row, asked on the connection that rows are written on: another may be silent. */
export async function knownRequests(
  handle: DatabaseHandle,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await handle.run<{ id: string }>(
    isPostgres(handle.db)
      ? 'select id from requests where id = any(cast($1 as text[]))'
      : 'select id from requests where id in (select value from json_each(?))',
    [isPostgres(handle.db) ? `{${ids.join()}}` : JSON.stringify(ids)],
  )
  return new Set(rows.map(({ id }) => id))
}
