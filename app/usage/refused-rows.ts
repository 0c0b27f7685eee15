import type { StoreRows } from './journal.ts'

export interface RefusedRowsNeeds {
  readonly write: StoreRows
  /** Whether the database will never take what it answered this to. */
  readonly isRefusal: (err: unknown) => boolean
  /** Keeps a row for somebody to look at; told why. */
  readonly setAside: (rows: Parameters<StoreRows>[0], err: unknown) => Promise<void>
}

/**
 * Stores rows, and sets aside each that the database refuses for what is in it: one such row must not keep
 * all others waiting for ever. Which one it is shows by halves.
 */
export function settingRefusedAside({ write, isRefusal, setAside }: RefusedRowsNeeds): StoreRows {
  const store: StoreRows = async (rows) => {
    try {
      await write(rows)
    } catch (err) {
      if (!isRefusal(err)) throw err
      if (rows.length === 1) return await setAside(rows, err)
      const half = Math.ceil(rows.length / 2)
      await store(rows.slice(0, half))
      await store(rows.slice(half))
    }
  }
  return store
}

/**
 * Stores rows, but after a failure asks first whether the database answers: rows that are given to one that
 * hangs stay in the memory of its driver.
 */
export function askingFirst(write: StoreRows, ask: () => Promise<unknown>): StoreRows {
  let isInDoubt = false
  return async (rows) => {
    if (isInDoubt) await ask()
    isInDoubt = true
    await write(rows)
    isInDoubt = false
  }
}
