import type { Limiter } from './limiter.ts'
import { createMemoryLimiter } from './memory-limiter.ts'
import { type MemoryStoreNeeds, openMemoryStore } from './write-behind.ts'

export interface PersistentLimiter extends Limiter {
  /** Empties what an administrator has reset; to be called when the revision has changed. */
  applyResets(): Promise<void>
}

/**
 * Limits for one process that survive its restart. `close` writes down what has changed last.
 * Rejects when what was written down can't be read.
 */
export async function openPersistentLimiter(needs: MemoryStoreNeeds): Promise<PersistentLimiter> {
  const { initial, onChange, onForget, applyResets, close } = await openMemoryStore(needs)
  const limiter = createMemoryLimiter({ clock: needs.clock, initial, onChange, onForget })
  return {
    admit: limiter.admit,
    settle: limiter.settle,
    mode: limiter.mode,
    owed: 0,
    applyResets: () => applyResets(limiter.empty),
    close,
  }
}
