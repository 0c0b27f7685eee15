import { describe, expect, test } from 'bun:test'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { silentLog } from '../../../app/log.ts'
import { createRecorder } from '../../../app/usage/recorder.ts'
import { memoryLog } from '../support/memory-log.ts'
import { usageRecord } from '../support/usage-record.ts'

const rows = (count: number, from = 0): UsageRecord[] =>
  Array.from({ length: count }, (_, i) => usageRecord(String(from + i)))
const ids = (records: readonly UsageRecord[]): string[] => records.map(({ id }) => id)

/** A ledger in memory; `fail` says how many writes fail first, `hold` keeps them waiting. */
function createLedger({ fail = 0, hold = Promise.resolve() } = {}) {
  const groups: string[][] = []
  let failures = fail
  return {
    groups,
    stored: () => groups.flat(),
    async write(records: readonly UsageRecord[]) {
      await hold
      if (failures-- > 0) throw new Error('database is locked')
      groups.push(ids(records))
    },
  }
}

describe('while the ledger works', () => {
  test('record resolves when the row is committed, not before', async () => {
    const gate = Promise.withResolvers<void>()
    const ledger = createLedger({ hold: gate.promise })
    const recorder = createRecorder({ write: ledger.write, maxRows: 64, log: silentLog })
    const recorded = recorder.record(usageRecord('1')).then(() => ledger.stored())
    gate.resolve()
    expect(await recorded).toEqual(['1'])
  })

  test('rows that end together are committed together, each once and in order', async () => {
    const ledger = createLedger()
    const recorder = createRecorder({ write: ledger.write, maxRows: 64, log: silentLog })
    await Promise.all(rows(64).map((row) => recorder.record(row)))
    expect(ledger.groups).toEqual([ids(rows(64))])
  })

  test('rows that come during a commit go in with the next, in groups of bounded size', async () => {
    const gate = Promise.withResolvers<void>()
    const ledger = createLedger({ hold: gate.promise })
    const recorder = createRecorder({ write: ledger.write, maxRows: 64, log: silentLog })
    const first = recorder.record(usageRecord('first'))
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    const others = rows(1200).map((row) => recorder.record(row))
    gate.resolve()
    await Promise.all([first, ...others])
    expect(ledger.groups[0]).toEqual(['first'])
    expect(ledger.stored()).toEqual(['first', ...ids(rows(1200))])
    for (const group of ledger.groups) expect(group.length).toBeLessThanOrEqual(64)
  })

  test('after a pause it goes on', async () => {
    const ledger = createLedger()
    const recorder = createRecorder({ write: ledger.write, maxRows: 64, log: silentLog })
    for (const row of rows(3)) await recorder.record(row)
    expect(ledger.groups).toEqual([['0'], ['1'], ['2']])
  })
})

describe('while the ledger fails', () => {
  test('a row is tried again until it is in, and is in once', async () => {
    const ledger = createLedger({ fail: 1 })
    const log = memoryLog()
    const recorder = createRecorder({ write: ledger.write, maxRows: 64, log })
    await recorder.record(usageRecord('1'))
    expect(ledger.groups).toEqual([['1']])
    expect(log.entries.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'usage rows could not be stored; trying again'],
    ])
  })

  test('an answer is held back for 250 ms and no longer, and its row is kept', async () => {
    const gate = Promise.withResolvers<void>()
    const ledger = createLedger({ hold: gate.promise })
    const recorder = createRecorder({ write: ledger.write, maxRows: 64, log: silentLog })
    const start = performance.now()
    await recorder.record(usageRecord('1'))
    const heldMs = performance.now() - start
    expect(heldMs).toBeGreaterThan(200)
    expect(heldMs).toBeLessThan(500)
    expect(ledger.stored()).toEqual([])
    gate.resolve()
    await recorder.close(1000)
    expect(ledger.stored()).toEqual(['1'])
  })

  test('nothing new is to be served once 10,000 rows wait, and again when they are in', async () => {
    const gate = Promise.withResolvers<void>()
    const ledger = createLedger({ hold: gate.promise })
    const recorder = createRecorder({ write: ledger.write, maxRows: 64, log: silentLog })
    const waiting = rows(9999).map((row) => recorder.record(row))
    expect(recorder.hasRoom()).toBe(true)
    waiting.push(recorder.record(usageRecord('last')))
    expect(recorder.hasRoom()).toBe(false)
    gate.resolve()
    await Promise.all(waiting)
    expect(recorder.hasRoom()).toBe(true)
    expect(new Set(ledger.stored()).size).toBe(10_000)
  })
})

describe('at the end', () => {
  const logged = (log: ReturnType<typeof memoryLog>): unknown[] =>
    log.entries.flatMap(({ fields }) => ('row' in fields ? [fields.row] : []))

  test('close waits for what is under way', async () => {
    const ledger = createLedger()
    const log = memoryLog()
    const recorder = createRecorder({ write: ledger.write, maxRows: 64, log })
    const recorded = rows(600).map((row) => recorder.record(row))
    await recorder.close(1000)
    expect(ledger.stored()).toEqual(ids(rows(600)))
    expect(log.entries).toEqual([])
    await Promise.all(recorded)
  })

  test('every row that the ledger does not take goes to the log, whole', async () => {
    const log = memoryLog()
    const ledger = createLedger({ fail: Number.POSITIVE_INFINITY })
    const recorder = createRecorder({ write: ledger.write, maxRows: 64, log })
    const recorded = rows(700).map((row) => recorder.record(row))
    await recorder.close(20)
    expect(logged(log)).toEqual(rows(700))
    await Promise.all(recorded)
  })

  test('so does every row when the ledger does not answer at all', async () => {
    const log = memoryLog()
    const recorder = createRecorder({ write: () => new Promise(() => {}), maxRows: 64, log })
    const recorded = rows(3).map((row) => recorder.record(row))
    await recorder.close(20)
    expect(logged(log)).toEqual(rows(3))
    await Promise.all(recorded)
  })

  test('and every row that comes after the end', async () => {
    const log = memoryLog()
    const ledger = createLedger()
    const recorder = createRecorder({ write: ledger.write, maxRows: 64, log })
    await recorder.close(20)
    await recorder.record(usageRecord('late'))
    expect([...ledger.stored(), ...logged(log).map((row) => (row as UsageRecord).id)]).toEqual([
      'late',
    ])
  })
})
