import { beforeEach, describe, expect, test } from 'bun:test'
import { appendFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { EXPIRED } from '../../../app/domain/open-request.ts'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { createRecovery, lockFile, openFile, rowsFile } from '../../../app/usage/recovery.ts'
import { createRequestIds } from '../../../db/ids.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { usageRecord } from '../support/usage-record.ts'
import { DIED_AT, NOT_SENT, RecoveryStage, requestOf } from './recovery-stage.ts'

const root = temporaryFolder()
const newId = createRequestIds('0123456789ab')
let stage: RecoveryStage
beforeEach(() => {
  stage = new RecoveryStage(root)
})

describe('what a process that died had under way', () => {
  test('is closed as expired, with what was known of it', async () => {
    const notes = stage.dying()
    let progress = NOT_SENT
    notes.open(requestOf('a'), () => progress)
    notes.open(requestOf('b'), () => NOT_SENT)
    progress = {
      backend: 'gpu-1',
      dispatchedAt: DIED_AT - 4000,
      firstRecordAt: DIED_AT - 3000,
      seen: 7,
    }
    notes.beat()
    stage.died()
    await stage.recover()
    expect(stage.ledger.get('a')).toEqual({
      ...EXPIRED,
      id: 'a',
      requestId: 'client-a',
      userId: 'user-1',
      keyId: 'key-1',
      gateway: 'ollama',
      operation: 'chat',
      model: 'llama3:latest',
      backend: 'gpu-1',
      promptTokens: 100,
      completionTokens: 7,
      estimated: true,
      queueMs: 1000,
      loadMs: 0,
      computeMs: 4000,
      firstTokenMs: 2000,
      totalMs: 5000,
      startedAt: DIED_AT - 5000,
      endedAt: DIED_AT,
    })
    expect(stage.ledger.get('b')).toMatchObject({
      outcome: 'expired',
      promptTokens: 0,
      computeMs: 0,
    })
    expect(stage.expired.sort()).toEqual(['a', 'b'])
    expect(readdirSync(stage.folder)).toEqual([])
  })

  test('is left as it ended when its row is there, in the ledger or in the journal', async () => {
    const notes = stage.dying()
    for (const id of ['in-ledger', 'in-journal', 'forgotten'])
      notes.open(requestOf(id), () => NOT_SENT)()
    stage.ledger.set('in-ledger', usageRecord('in-ledger'))
    stage.ledger.set('forgotten', usageRecord('forgotten'))
    await stage.keepRow('dead', 'in-journal', 'x', 'y')
    stage.died()
    await stage.recover()
    expect([...stage.ledger.values()].map(({ outcome }) => outcome)).toEqual(
      Array(5).fill('completed'),
    )
    expect(stage.expired).toEqual([])
  })

  test('loses only what is torn, and names it', async () => {
    stage.dying().open(requestOf('a'), () => NOT_SENT)
    appendFileSync(openFile(stage.folder, 'dead'), '01234567 {"opened":[{"id":"b",')
    stage.died()
    await stage.recover()
    expect([...stage.ledger.keys()]).toEqual(['a'])
    expect(stage.torn).toEqual([expect.stringContaining('"id":"b"')])
  })

  test('is left for later when the database takes no rows', async () => {
    stage.dying().open(requestOf('a'), () => NOT_SENT)
    stage.died()
    const refuse = () => Promise.reject(new Error('the database is away'))
    await expect(stage.recover(refuse)).rejects.toThrow('away')
    expect(existsSync(openFile(stage.folder, 'dead'))).toBe(true)
    await stage.recover()
    expect([...stage.ledger.keys()]).toEqual(['a'])
  })
})

describe('of several that died', () => {
  test('one that can not be taken over keeps no other waiting', async () => {
    for (const node of ['first', 'second', 'third']) await stage.keepRow(node, node)
    stage.died()
    const store = async (rows: readonly UsageRecord[]) => {
      if (rows[0]?.id === 'second') throw new Error('refused')
      for (const row of rows) stage.ledger.set(row.id, row)
    }
    await expect(stage.recover(store)).rejects.toThrow('refused')
    expect([...stage.ledger.keys()].toSorted()).toEqual(['first', 'third'])
    expect(readdirSync(stage.folder)).toEqual(['second.rows'])
  })

  test('nor one whose lock can not be opened', async () => {
    for (const node of ['first', 'second', 'third']) await stage.keepRow(node, node)
    mkdirSync(lockFile(stage.folder, 'second'))
    stage.died()
    await expect(stage.recover()).rejects.toThrow()
    expect([...stage.ledger.keys()].toSorted()).toEqual(['first', 'third'])
  })

  test('what was under way so long ago that rows are kept no more is left out', async () => {
    const notes = stage.dying()
    for (const id of ['0', newId(DIED_AT)]) notes.open(requestOf(id), () => NOT_SENT)
    stage.died()
    await createRecovery({ ...stage.needs(), keptSince: () => DIED_AT })()
    expect(stage.expired).toEqual([expect.stringMatching(/-0123456789ab$/)])
  })

  test('a torn line is named once, however often it is tried', async () => {
    await stage.keepRow('dead', 'a')
    appendFileSync(rowsFile(stage.folder, 'dead'), '01234567 {"id":"b",\n')
    stage.died()
    const attempt = createRecovery(stage.needs(() => Promise.reject(new Error('away'))))
    for (let i = 0; i < 3; i++) await expect(attempt()).rejects.toThrow('away')
    expect(stage.torn).toEqual([expect.stringContaining('"id":"b"')])
  })

  test('what is left of notes that were never finished, and of locks, goes', async () => {
    for (const name of ['a.open.new', 'b.lock']) appendFileSync(`${stage.folder}/${name}`, '')
    stage.died()
    await stage.recover()
    expect(readdirSync(stage.folder)).toEqual([])
  })
})
