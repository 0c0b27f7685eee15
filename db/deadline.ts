/** A statement that had no answer in time. */
export class DatabaseTimeoutError extends Error {
  override readonly name = 'DatabaseTimeoutError'
  /** The driver's own code for the same thing at connecting. */
  readonly code = 'CONNECT_TIMEOUT'
}

/**
 * The result of a statement, or a DatabaseTimeoutError after `ms`: a database that hangs must not
 * hang what waits for it. The statement itself may still take effect.
 */
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
