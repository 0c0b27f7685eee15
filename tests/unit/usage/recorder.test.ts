import { describe, expect, test } from 'bun:test'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { createBrokenJournal } from '../../../app/usage/broken-journal.ts'
import { createMemoryJournal } from '../../../app/usage/memory-journal.ts'
import { memoryLog } from '../support/memory-log.ts'
import { usageRecord } from '../support/usage-record.ts'
import { createLedger, ids, paidBack, recorderOf, rows, turn } from './recorder-stage.ts'

describe('while the ledger works', () => {
  test('record resolves when the row is committed, not before', async () => {
    const gate = Promise.withResolvers<void>()
    const ledger = createLedger({ hold: gate.promise })
    const recorder = recorderOf(ledger)
    const recorded = recorder.record(usageRecord('1')).then(() => ledger.stored())
    gate.resolve()
    expect(await recorded).toEqual(['1'])
  })

  test('rows that end together are committed together, each once and in order', async () => {
    const ledger = createLedger()
    const recorder = recorderOf(ledger)
    await Promise.all(rows(64).map((row) => recorder.record(row)))
    expect(ledger.groups).toEqual([ids(rows(64))])
  })

  test('rows that come during a commit go in with the next, in groups of bounded size', async () => {
    const gate = Promise.withResolvers<void>()
    const ledger = createLedger({ hold: gate.promise })
    const recorder = recorderOf(ledger)
    const first = recorder.record(usageRecord('first'))
    await turn()
    await turn()
    const others = rows(1200).map((row) => recorder.record(row))
    gate.resolve()
    await Promise.all([first, ...others])
    expect(ledger.groups[0]).toEqual(['first'])
    expect(ledger.groups.flat()).toEqual(['first', ...ids(rows(1200))])
    for (const group of ledger.groups) expect(group.length).toBeLessThanOrEqual(64)
  })

  test('a group that is full does not wait for the one before it, but for the one before that', async () => {
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
    const begun: number[] = []
    const write = async (records: readonly UsageRecord[]): Promise<void> => {
      begun.push(records.length)
      await gates[begun.length - 1]?.promise
    }
    const recorder = recorderOf({ write, maxRows: 2 })
    const recorded = rows(5).map((row) => recorder.record(row))
    const begins = async (count: number): Promise<void> => {
      while (begun.length < count) await turn()
      await Bun.sleep(5)
      expect(begun).toEqual([2, 2, 1].slice(0, count))
    }
    await begins(2)
    gates[1]?.resolve()
    await begins(2)
    gates[0]?.resolve()
    await begins(3)
    gates[2]?.resolve()
    await Promise.all(recorded)
  })

  test('after a pause it goes on', async () => {
    const ledger = createLedger()
    const recorder = recorderOf(ledger)
    for (const row of rows(3)) await recorder.record(row)
    expect(ledger.groups).toEqual([['0'], ['1'], ['2']])
  })

  test('each group is told once it is in, with how many rows it had', async () => {
    const told: number[] = []
    const recorder = recorderOf({ ...createLedger(), onCommit: (count) => told.push(count) })
    await Promise.all(rows(3).map((row) => recorder.record(row)))
    expect(told).toEqual([3])
  })
})

describe('while the ledger fails', () => {
  test('rows go to the journal at once, and to the ledger when it takes them again', async () => {
    const journal = createMemoryJournal()
    const ledger = createLedger({ fail: Number.POSITIVE_INFINITY })
    const recorder = recorderOf({ ...ledger, journal })
    for (const row of rows(5)) await recorder.record(row)
    expect([journal.kept, recorder.owed, recorder.hasRoom()]).toEqual([5, 5, true])
    ledger.heal()
    await paidBack({ owed: () => recorder.owed })
    expect(ledger.stored()).toEqual(ids(rows(5)))
    await recorder.record(usageRecord('later'))
    expect(journal.kept).toBe(0)
    expect(ledger.stored()).toEqual([...ids(rows(5)), 'later'])
  })

  test('an answer is held back for 250 ms and no longer, and its row is in the journal then', async () => {
    const gate = Promise.withResolvers<void>()
    const ledger = createLedger({ hold: gate.promise })
    const journal = createMemoryJournal()
    const recorder = recorderOf({ ...ledger, journal })
    const start = performance.now()
    await recorder.record(usageRecord('1'))
    const heldMs = performance.now() - start
    expect(heldMs).toBeGreaterThan(200)
    expect(heldMs).toBeLessThan(500)
    expect([ledger.stored(), journal.kept]).toEqual([[], 1])
    gate.resolve()
    await recorder.close(1000)
    expect(ledger.stored()).toEqual(['1'])
  })

  test('nothing new is to be served when the journal can take nothing either, until one of them can', async () => {
    const ledger = createLedger({ fail: Number.POSITIVE_INFINITY })
    const recorder = recorderOf({ ...ledger, journal: createBrokenJournal() })
    expect(recorder.hasRoom()).toBe(true)
    await Promise.all(rows(3).map((row) => recorder.record(row)))
    expect([recorder.hasRoom(), recorder.owed]).toEqual([false, 3])
    ledger.heal()
    await paidBack({ owed: () => recorder.owed })
    expect(recorder.hasRoom()).toBe(true)
    expect(ledger.stored()).toEqual(ids(rows(3)))
  })
})

describe('at the end', () => {
  const logged = (log: ReturnType<typeof memoryLog>): unknown[] =>
    log.entries.flatMap(({ fields }) => ('row' in fields ? [fields.row] : []))

  test('close waits for what is under way', async () => {
    const ledger = createLedger()
    const log = memoryLog()
    const recorder = recorderOf({ ...ledger, log })
    const recorded = rows(600).map((row) => recorder.record(row))
    await recorder.close(1000)
    expect(ledger.stored()).toEqual(ids(rows(600)))
    expect(log.entries).toEqual([])
    await Promise.all(recorded)
  })

  test('what the ledger has not taken is in the journal', async () => {
    const journal = createMemoryJournal()
    const recorder = recorderOf({ write: () => new Promise(() => {}), journal })
    const recorded = rows(700).map((row) => recorder.record(row))
    await recorder.close(20)
    expect(journal.kept).toBe(700)
    await recorder.record(usageRecord('late'))
    expect(journal.kept).toBe(701)
    await Promise.all(recorded)
  })

  test('and in the log, whole, when there is no journal to take it', async () => {
    const log = memoryLog()
    const ledger = createLedger({ fail: Number.POSITIVE_INFINITY })
    const recorder = recorderOf({ ...ledger, journal: createBrokenJournal(), log })
    const recorded = rows(700).map((row) => recorder.record(row))
    await recorder.close(20)
    expect(logged(log)).toEqual(rows(700))
    await recorder.record(usageRecord('late'))
    expect(logged(log).length).toBe(701)
    await Promise.all(recorded)
  })
})
