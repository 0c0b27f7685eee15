import type { DatabaseHandle } from '../client.ts'

/** Resolves when the database answers on the connection that `run` uses. */
export const ping = async (handle: DatabaseHandle): Promise<void> => {
  await handle.run('select 1', [])
}
