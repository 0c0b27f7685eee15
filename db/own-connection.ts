import type postgres from 'postgres'
import { DatabaseTimeoutError, withDeadline } from './deadline.ts'

/** How long a statement may take before PostgreSQL ends it, as one that waits for a lock, in ms. */
const STATEMENT_TIMEOUT_MS = 2500
/** After how long a connection counts as dead that does not even say so, in ms. */
const SILENT_MS = 3000

/** A client of one connection, which tells when that has closed. */
export type Connect = (onclose: () => void) => postgres.Sql<{ bigint: number }>

/**
 * One connection to PostgreSQL for statements that reach it in their order. One that is silent, as after a
 * failover without a word, is given up and made anew: TCP alone would wait for a quarter of an hour.
 */
export function createOwnConnection(connect: Connect) {
  let isFresh = true
  const open = (): ReturnType<Connect> => {
    isFresh = true
    return connect(() => {
      isFresh = true
    })
  }
  let client = open()

  const renew = (silent: ReturnType<Connect>): void => {
    if (silent !== client) return
    client = open()
    void silent.end({ timeout: 0 }).catch(() => {})
  }

  /** Not as the connection is made: poolers refuse parameters there that they do not know. */
  const limit = (): void => {
    if (!isFresh) return
    isFresh = false
    client.unsafe(`set statement_timeout = ${STATEMENT_TIMEOUT_MS}`).catch(() => {})
  }

  return {
    /** Rejects with a DatabaseTimeoutError after 3 s; the statement may still take effect then. */
    async run(sql: string, parameters: readonly unknown[]): Promise<void> {
      limit()
      const current = client
      const values = [...parameters] as postgres.ParameterOrJSON<never>[]
      try {
        await withDeadline(current.unsafe(sql, values, { prepare: true }), SILENT_MS)
      } catch (err) {
        if (err instanceof DatabaseTimeoutError) renew(current)
        throw err
      }
    },
    /** Ends it; what runs may take so many seconds to end. */
    close: (timeout: number): Promise<void> => client.end({ timeout }),
  }
}
