import type { DatabaseHandle } from '../client.ts'

/** Resolves when the database answers on the connection that `run` uses. */
export const ping = (handle: DatabaseHandle): Promise<void> => handle.run('select 1', [])
