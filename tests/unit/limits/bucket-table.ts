import type { Bucket } from '../../../app/domain/bucket.ts'
import type { Limit } from '../../../app/domain/limit.ts'
import type { Reservation } from '../../../app/limits/limiter.ts'
import {
  openPersistentLimiter,
  type PersistentLimiter,
} from '../../../app/limits/persistent-limiter.ts'
import type { MemoryStoreNeeds } from '../../../app/limits/write-behind.ts'
import type { BucketKey, BucketRow } from '../../../db/queries/limit-buckets.ts'
import { createClock } from '../support/clock.ts'
import { memoryLog } from '../support/memory-log.ts'
import { AT, needing } from './limit-states.ts'

/** Limiters, one after the other, over a table in memory that can fail or be slow. */
export function createWorld() {
  const rows = new Map<string, BucketRow>()
  const clock = createClock(AT)
  const log = memoryLog()
  const state = {
    fails: false,
    answer: Promise.resolve(),
    /** How many rows each save and each removal was about. */
    saves: [] as number[],
    removals: [] as number[],
    reads: 0,
  }
  const ticks = new Set<() => void>()

  const reached = async (): Promise<void> => {
    await state.answer
    if (state.fails) throw new Error('connection refused')
  }
  const isNewer = (key: BucketKey): boolean => {
    const row = rows.get(nameOf(key))
    return row !== undefined && (row.updated_at > key.updated_at || row.reset_at > key.reset_at)
  }
  const needs: MemoryStoreNeeds = {
    clock,
    log,
    async load() {
      await reached()
      return [...rows.values()]
    },
    async save(some) {
      state.saves.push(some.length)
      await reached()
      for (const row of some.filter((row) => !isNewer(row))) {
        rows.set(nameOf(row), { ...row, reset_at: rows.get(nameOf(row))?.reset_at ?? row.reset_at })
      }
    },
    async remove(keys) {
      state.removals.push(keys.length)
      await reached()
      for (const key of keys.filter((key) => !isNewer(key))) rows.delete(nameOf(key))
    },
    async readResets() {
      state.reads++
      await reached()
      return [...rows.values()].filter(({ reset_at }) => reset_at > 0)
    },
    every(ms, run) {
      if (ms !== 1000) throw new Error('not once a second')
      ticks.add(run)
      return () => ticks.delete(run)
    },
  }
  return {
    rows,
    clock,
    log,
    state,
    open: (): Promise<PersistentLimiter> => openPersistentLimiter(needs),
    /** A second goes by, and what is written then is in the table. */
    async second(): Promise<void> {
      clock.advance(1000)
      for (const run of ticks) run()
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    },
    /** As an administrator does. */
    reset({ holder, bucket }: Limit, at = clock.now()): void {
      const reset_at = Math.max(at, (rows.get(nameOf({ holder, bucket }))?.reset_at ?? 0) + 1)
      const empty = { debt: 0, tick: 0, held: 0, refusals: 0, updated_at: at, reset_at }
      rows.set(nameOf({ holder, bucket }), { holder, bucket, ...empty })
    },
    bucket(limit: Limit): Bucket | null {
      const row = rows.get(nameOf(limit))
      return row ? { debt: row.debt, tick: row.tick, held: row.held, refusals: row.refusals } : null
    },
  }
}

let ids = 0

/** One request that needs so many tokens: what it was granted, or null for a refusal. */
export async function ask(
  limiter: Pick<PersistentLimiter, 'admit'>,
  limit: Limit,
  tokens = 1,
): Promise<Reservation | null> {
  const admission = { id: `${ids++}`, limits: [limit], demands: needing({ tokens }) }
  return (await limiter.admit(admission)).reservation
}

/** So many requests one after the other: how many were let in. */
export async function admitted(
  limiter: Pick<PersistentLimiter, 'admit'>,
  limit: Limit,
  requests: number,
): Promise<number> {
  let count = 0
  for (let i = 0; i < requests; i++) if (await ask(limiter, limit)) count++
  return count
}

const nameOf = ({ holder, bucket }: { holder: string; bucket: string }): string =>
  `${holder} ${bucket}`
