import { expect, test } from 'bun:test'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { createMemoryJournal } from '../../../app/usage/memory-journal.ts'
import { usageRecord } from '../support/usage-record.ts'
import { createLedger, ids, paidBack, recorderOf, rows } from './recorder-stage.ts'

test('rows that neither took go to the journal when it has room before the ledger is back', async () => {
  let isFull = true
  const memory = createMemoryJournal()
  const keep = (more: readonly UsageRecord[]) =>
    isFull ? Promise.reject(new Error('no space left on device')) : memory.keep(more)
  const journal = {
    get kept() {
      return memory.kept
    },
    get isWritable() {
      return !isFull
    },
    keep,
    replay: memory.replay,
    close: memory.close,
  }
  const ledger = createLedger({ fail: Number.POSITIVE_INFINITY })
  const recorder = recorderOf({ ...ledger, journal })
  await Promise.all(rows(3).map((row) => recorder.record(row)))
  expect(recorder.hasRoom()).toBe(false)
  isFull = false
  while (memory.kept < 3) await Bun.sleep(5)
  expect([recorder.hasRoom(), recorder.owed]).toEqual([true, 3])
  ledger.heal()
  await paidBack({ owed: () => recorder.owed })
  expect(ledger.stored()).toEqual(ids(rows(3)))
})

test('a row that neither takes while others are brought to the journal is not forgotten', async () => {
  const memory = createMemoryJournal()
  const gate = Promise.withResolvers<void>()
  let attempts = 0
  const journal = {
    isWritable: true,
    get kept() {
      return memory.kept
    },
    async keep(more: readonly UsageRecord[]) {
      attempts++
      if (attempts === 2) await gate.promise
      if (attempts === 1 || attempts === 3) throw new Error('no space left on device')
      await memory.keep(more)
    },
    replay: memory.replay,
    close: memory.close,
  }
  const ledger = createLedger({ fail: Number.POSITIVE_INFINITY })
  const recorder = recorderOf({ ...ledger, journal })
  await recorder.record(usageRecord('1'))
  while (attempts < 2) await Bun.sleep(5)
  await recorder.record(usageRecord('2'))
  gate.resolve()
  ledger.heal()
  await paidBack({ owed: () => recorder.owed })
  expect(ledger.stored().toSorted()).toEqual(['1', '2'])
})
