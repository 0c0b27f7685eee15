import type { UsageRecord } from '../../../app/domain/usage.ts'
import { silentLog } from '../../../app/log.ts'
import { createMemoryJournal } from '../../../app/usage/memory-journal.ts'
import { createRecorder, type RecorderNeeds } from '../../../app/usage/recorder.ts'
import { usageRecord } from '../support/usage-record.ts'

export const rows = (count: number, from = 0): UsageRecord[] =>
  Array.from({ length: count }, (_, i) => usageRecord(String(from + i)))
export const ids = (records: readonly UsageRecord[]): string[] => records.map(({ id }) => id)
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A ledger in memory that stores a row once; `fail` says how many writes fail, `hold` keeps them waiting. */
export function createLedger({ fail = 0, hold = Promise.resolve() } = {}) {
  const groups: string[][] = []
  let failures = fail
  return {
    groups,
    stored: () => [...new Set(groups.flat())],
    heal: () => {
      failures = 0
    },
    async write(records: readonly UsageRecord[]) {
      await hold
      if (failures-- > 0) throw new Error('database is locked')
      groups.push(ids(records))
    },
  }
}

export const recorderOf = (needs: Pick<RecorderNeeds, 'write'> & Partial<RecorderNeeds>) =>
  createRecorder({ maxRows: 64, journal: createMemoryJournal(), log: silentLog, ...needs })

export async function paidBack({ owed }: { readonly owed: () => number }): Promise<void> {
  while (owed() > 0) await Bun.sleep(5)
}
