import { firstIdAt } from '../../db/ids.ts'
import type { UsageRecord } from '../domain/usage.ts'
import type { StoreRows } from './journal.ts'

/** Keeps rows for somebody to look at, for that reason. */
export type SetAside = (rows: readonly UsageRecord[], reason: unknown) => Promise<void>

/** Sets rows aside once, however often they come; what comes at the same time waits. */
export function settingAsideOnce(setAside: SetAside): SetAside {
  const known = new Set<string>()
  let last: Promise<void> = Promise.resolve()
  const act: SetAside = async (rows, reason) => {
    const fresh = rows.filter(({ id }) => !known.has(id))
    if (fresh.length > 0) await setAside(fresh, reason)
    for (const { id } of fresh) known.add(id)
  }
  return (rows, reason) => {
    const mine = last.then(() => act(rows, reason))
    last = mine.catch(() => {})
    return mine
  }
}

export interface RefusedRowsNeeds {
  readonly write: StoreRows
  /** Whether the database will never take what it answered this to. */
  readonly isRefusal: (err: unknown) => boolean
  readonly setAside: SetAside
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

export interface LateRowsNeeds {
  readonly write: StoreRows
  /** Since when rows are kept, in epoch ms. */
  readonly keptSince: () => number
  readonly setAside: SetAside
}

/**
 * Stores rows, and sets aside those of a time of which rows are kept no more, such as from the journal of a
 * server that was away for months: whether they have been counted already can't be told.
 */
export function settingLateAside({ write, keptSince, setAside }: LateRowsNeeds): StoreRows {
  return async (rows) => {
    const first = firstIdAt(keptSince())
    const late = rows.filter(({ id }) => id < first)
    if (late.length < rows.length) await write(rows.filter(({ id }) => id >= first))
    if (late.length > 0) await setAside(late, 'rows of their time are kept no more')
  }
}
