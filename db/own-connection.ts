import type postgres from 'postgres'
import { DatabaseTimeoutError, withDeadline } from './deadline.ts'

/** How long a statement may wait for a lock before PostgreSQL refuses it, in ms. */
const LOCK_TIMEOUT_MS = 2500
/** After how long a connection counts as dead that owes an answer and says nothing, in ms. */
const SILENT_MS = 3000
/** How much too early a timer can be, in ms. */
const TIMER_MS = 20

/** A client of one connection, which tells when that has closed. */
export type Connect = (onclose: () => void) => postgres.Sql<{ bigint: number }>

interface Line {
  readonly client: ReturnType<Connect>
  /** It has answered since it was made; one that has not is still being made, and the driver sees to that. */
  isUp: boolean
  isLimited: boolean
  /** Statements that have no answer yet. */
  owed: number
  /** When it last answered, or last had nothing to answer. */
  heardAt: number
}

/**
 * One connection to PostgreSQL for statements that reach it in their order. One that is silent, as after a
 * failover without a word, is given up and made anew: TCP alone would wait for a quarter of an hour.
 */
export function createOwnConnection(connect: Connect) {
  const open = (): Line => {
    const onclose = (): void => void Object.assign(fresh, { isUp: false, isLimited: false })
    const client = connect(onclose)
    const fresh: Line = { client, isUp: false, isLimited: false, owed: 0, heardAt: 0 }
    return fresh
  }
  let line = open()

  /** Not as the connection is made: poolers refuse parameters there that they do not know. */
  const limit = (on: Line): void => {
    if (on.isLimited) return
    on.isLimited = true
    on.client.unsafe(`set lock_timeout = ${LOCK_TIMEOUT_MS}`).then(
      () => Object.assign(on, { isUp: true }),
      () => Object.assign(on, { isLimited: false }),
    )
  }

  const renewIfSilent = (on: Line): void => {
    const silentMs = performance.now() - on.heardAt
    if (on !== line || !on.isUp || silentMs < SILENT_MS - TIMER_MS) return
    line = open()
    void on.client.end({ timeout: 0 }).catch(() => {})
  }

  return {
    /**
     * The rows that the statement gives. Rejects with a DatabaseTimeoutError after 3 s; it may still take
     * effect then.
     */
    async run<Row extends object>(
      sql: string,
      parameters: readonly unknown[],
    ): Promise<readonly Row[]> {
      const on = line
      limit(on)
      const values = [...parameters] as postgres.ParameterOrJSON<never>[]
      const answer = heard(on, on.client.unsafe<Row[]>(sql, values, { prepare: true }))
      try {
        return await withDeadline(answer, SILENT_MS)
      } catch (err) {
        if (err instanceof DatabaseTimeoutError) renewIfSilent(on)
        throw err
      }
    },
    /** Ends it; what runs may take so many seconds to end. */
    close: (timeout: number): Promise<void> => line.client.end({ timeout }),
  }
}

/** The answer, noted on its line when it comes. */
async function heard<T>(on: Line, answer: PromiseLike<T>): Promise<T> {
  if (on.owed === 0) on.heardAt = performance.now()
  on.owed++
  try {
    return await answer
  } finally {
    on.owed--
    on.heardAt = performance.now()
  }
}
