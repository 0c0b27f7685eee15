import type { UsageRecord } from '../domain/usage.ts'
import type { Journal } from './journal.ts'

/** Keeps rows as long as the process lives. */
export function createMemoryJournal(): Journal {
  let rows: readonly UsageRecord[] = []
  return {
    get kept() {
      return rows.length
    },
    isWritable: true,
    async keep(more) {
      rows = [...rows, ...more]
    },
    async replay(store, size) {
      while (rows.length > 0) {
        const group = rows.slice(0, size)
        await store(group)
        rows = rows.slice(group.length)
      }
    },
    async close() {},
  }
}
