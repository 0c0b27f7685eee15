import { describe, expect, test } from 'bun:test'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { askingFirst } from '../../../app/usage/asking-first.ts'
import { settingLateAside, settingRefusedAside } from '../../../app/usage/set-aside.ts'
import { createRequestIds } from '../../../db/ids.ts'
import { usageRecord } from '../support/usage-record.ts'

const rows = (count: number): UsageRecord[] =>
  Array.from({ length: count }, (_, i) => usageRecord(String(i)))
const ids = (records: readonly UsageRecord[]): string[] => records.map(({ id }) => id)

class Refusal extends Error {}

describe('a row that the database refuses', () => {
  const stage = (refused: readonly string[]) => {
    const stored: string[] = []
    const aside: string[] = []
    const store = settingRefusedAside({
      async write(records) {
        if (ids(records).some((id) => refused.includes(id))) throw new Refusal('not a number')
        stored.push(...ids(records))
      },
      isRefusal: (err) => err instanceof Refusal,
      setAside: async ({ id }) => void aside.push(id),
    })
    return { stored, aside, store }
  }

  test.each([[['0']], [['99']], [['3', '4', '77']], [ids(rows(100))]])(
    'is set aside, and all others are stored: %j',
    async (refused) => {
      const { stored, aside, store } = stage(refused)
      await store(rows(100))
      expect(aside).toEqual(refused)
      expect(stored).toEqual(ids(rows(100)).filter((id) => !refused.includes(id)))
    },
  )

  test('waits like all others when it can not be set aside, or when the database is only away', async () => {
    const write = () => Promise.reject(new Refusal('not a number'))
    const full = () => Promise.reject(new Error('no space left on device'))
    const both = settingRefusedAside({ write, isRefusal: () => true, setAside: full })
    await expect(both(rows(3))).rejects.toThrow('no space left')
    const away = settingRefusedAside({ write, isRefusal: () => false, setAside: full })
    await expect(away(rows(3))).rejects.toThrow('not a number')
  })
})

test('a row of a time of which rows are kept no more is set aside, for it may have been counted', async () => {
  const newId = createRequestIds('0123456789ab')
  const [late, first, next] = [999, 1000, 2000].map((ms) => usageRecord(newId(ms)))
  if (!late || !first || !next) throw new Error('no rows')
  const calls: (readonly string[])[] = []
  const aside: string[] = []
  const store = settingLateAside({
    write: async (records) => void calls.push(ids(records)),
    keptSince: () => 1000,
    setAside: async ({ id }) => void aside.push(id),
  })
  await store([first, late, next])
  await store([late])
  expect(calls).toEqual([[first.id, next.id]])
  expect(aside).toEqual([late.id, late.id])
})

test('a database that was in trouble is asked before it is given rows again', async () => {
  let isAway = true
  const calls: string[] = []
  const answer = async (name: string): Promise<void> => {
    calls.push(name)
    if (isAway) throw new Error('away')
  }
  const store = askingFirst(
    () => answer('rows'),
    () => answer('ask'),
  )
  for (let i = 0; i < 3; i++) await store(rows(1)).catch(() => {})
  expect(calls).toEqual(['rows', 'ask', 'ask'])
  isAway = false
  await store(rows(1))
  await store(rows(1))
  expect(calls.slice(3)).toEqual(['ask', 'rows', 'rows'])
})
