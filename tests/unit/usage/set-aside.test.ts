import { describe, expect, test } from 'bun:test'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { askingFirst } from '../../../app/usage/asking-first.ts'
import {
  settingAsideOnce,
  settingLateAside,
  settingRefusedAside,
} from '../../../app/usage/set-aside.ts'
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
      setAside: async (records) => void aside.push(...ids(records)),
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
    setAside: async (records) => void aside.push(...ids(records)),
  })
  await store([first, late, next])
  await store([late])
  expect(calls).toEqual([[first.id, next.id]])
  expect(aside).toEqual([late.id, late.id])
})

test('what is set aside again is set aside once, unless that failed', async () => {
  const aside: string[] = []
  let isFull = true
  const setAside = settingAsideOnce(async (records) => {
    if (isFull) throw new Error('no space left on device')
    aside.push(...ids(records))
  })
  await expect(setAside(rows(2), 'late')).rejects.toThrow('no space')
  isFull = false
  await setAside(rows(2), 'late')
  await setAside(rows(3), 'late')
  expect(aside).toEqual(['0', '1', '2'])
})

test('two that come while a database is in doubt ask it once', async () => {
  let asked = 0
  let isAway = true
  const write = () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve())
  const ask = async () => {
    asked++
    await Bun.sleep(5)
  }
  const store = askingFirst(write, ask)
  await store(rows(1)).catch(() => {})
  isAway = false
  await Promise.all([store(rows(1)), store(rows(1))])
  expect(asked).toBe(1)
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
