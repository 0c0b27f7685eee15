/** A statement that had no answer in time, or was not even sent because too many wait already. */
export class DatabaseTimeoutError extends Error {
  override readonly name = 'DatabaseTimeoutError'
  /** The driver's own code for the same thing at connecting. */
  readonly code = 'CONNECT_TIMEOUT'
}

/** Runs a statement that must not hang what waits for it. */
export type Bounded = <T>(statement: () => Promise<T>) => Promise<T>

/** After how many times its deadline a statement that was given up counts as lost. */
const LOST_AFTER = 5

/**
 * Makes a runner whose statements have an answer, or a DatabaseTimeoutError, within `ms`. A statement
 * that is given up still stands in the driver's queue: while `maxWaiting` have not come back, further
 * ones are refused at once, so that a database that hangs does not fill the memory. One that does not come
 * back in five times as long is counted no more: else a driver that loses one would close the door for ever.
 */
export function createBounded(ms: number, maxWaiting: number): Bounded {
  let waiting = 0
  return async <T>(statement: () => Promise<T>): Promise<T> => {
    if (waiting >= maxWaiting) throw new DatabaseTimeoutError('too many statements wait already')
    waiting++
    let isCounted = true
    const free = (): void => {
      if (isCounted) waiting--
      isCounted = false
    }
    const lost = setTimeout(free, LOST_AFTER * ms)
    lost.unref()
    const running = statement().finally(() => {
      clearTimeout(lost)
      free()
    })
    return await withDeadline(running, ms)
  }
}

/** The result of a statement, or a DatabaseTimeoutError after `ms`; it may still take effect. */
export async function withDeadline<T>(statement: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new DatabaseTimeoutError(`the database gave no answer in ${ms} ms`)),
    ms,
  )
  try {
    return await Promise.race([statement, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
