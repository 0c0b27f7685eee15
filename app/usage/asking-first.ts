import type { StoreRows } from './journal.ts'

/**
 * Stores rows, but after a failure asks first whether the database answers: rows that are given to one that
 * hangs stay in the memory of its driver.
 */
export function askingFirst(write: StoreRows, ask: () => Promise<unknown>): StoreRows {
  let isInDoubt = false
  let asking: Promise<unknown> | undefined
  const asked = (): Promise<unknown> => {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }
  return async (rows) => {
    if (isInDoubt) await asked()
    try {
      await write(rows)
      isInDoubt = false
    } catch (err) {
      isInDoubt = true
      throw err
    }
  }
}
