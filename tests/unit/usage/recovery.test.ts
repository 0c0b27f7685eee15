import { beforeEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { EXPIRED, type OpenRequest, type Progress } from '../../../app/domain/open-request.ts'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { silentLog } from '../../../app/log.ts'
import { createFileJournal } from '../../../app/usage/file-journal.ts'
import { createOpenRequests } from '../../../app/usage/open-requests.ts'
import {
  createRecovery,
  lockFile,
  openFile,
  type RecoveryNeeds,
  rowsFile,
  STALE_MS,
} from '../../../app/usage/recovery.ts'
import { takeProcessLock } from '../../../db/process-lock.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { createClock } from '../support/clock.ts'
import { usageRecord } from '../support/usage-record.ts'

const DIED_AT = 1_700_000_000_000
const NOT_SENT: Progress = { backend: null, dispatchedAt: null, firstRecordAt: null, seen: 0 }
const requestOf = (id: string): OpenRequest => ({
  id,
  requestId: `client-${id}`,
  userId: 'user-1',
  keyId: 'key-1',
  gateway: 'ollama',
  operation: 'chat',
  model: 'llama3:latest',
  promptBytes: 300,
  startedAt: DIED_AT - 5000,
})

const root = temporaryFolder()
let folder: string
let ledger: Map<string, UsageRecord>
let torn: string[]
let expired: string[]
const clock = createClock(DIED_AT + STALE_MS + 1)

beforeEach(() => {
  folder = mkdtempSync(join(root, 'data-'))
  ledger = new Map()
  torn = []
  expired = []
})

/** What the process notes that dies. */
const dying = () => createOpenRequests({ path: openFile(folder, 'dead'), clock, log: silentLog })

/** Lets the process's last sign of life be as long ago as that of one that died. */
function died(): void {
  for (const name of readdirSync(folder))
    utimesSync(`${folder}/${name}`, DIED_AT / 1000, DIED_AT / 1000)
}

type Store = (rows: readonly UsageRecord[]) => Promise<void>

const toLedger: Store = async (rows) => {
  for (const row of rows) if (!ledger.has(row.id)) ledger.set(row.id, row)
}

const needsOf = (node: string, write: Store): RecoveryNeeds => ({
  folder,
  node,
  write,
  maxRows: 2,
  missing: async (rows) => rows.filter(({ id }) => !ledger.has(id)),
  clock,
  log: silentLog,
  onTorn: ({ text }) => torn.push(text),
  onExpired: ({ id }) => expired.push(id),
})

const createRecoveryOf =
  (node: string) =>
  (write = toLedger) =>
    createRecovery(needsOf(node, write))()
const recover = createRecoveryOf('alive')

describe('what a process that died had under way', () => {
  test('is closed as expired, with what was known of it', async () => {
    const notes = dying()
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
    died()
    await recover()
    expect(ledger.get('a')).toEqual({
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
    expect(ledger.get('b')).toMatchObject({ outcome: 'expired', promptTokens: 0, computeMs: 0 })
    expect(expired.sort()).toEqual(['a', 'b'])
    expect(readdirSync(folder)).toEqual([])
  })

  test('is left as it ended when its row is there, in the ledger or in the journal', async () => {
    const notes = dying()
    for (const id of ['in-ledger', 'in-journal', 'forgotten'])
      notes.open(requestOf(id), () => NOT_SENT)()
    ledger.set('in-ledger', usageRecord('in-ledger'))
    ledger.set('forgotten', usageRecord('forgotten'))
    const journal = createFileJournal({ path: rowsFile(folder, 'dead'), onTorn: () => {} })
    await journal.keep([usageRecord('in-journal'), usageRecord('x'), usageRecord('y')])
    await journal.close()
    died()
    await recover()
    expect([...ledger.values()].map(({ outcome }) => outcome)).toEqual(Array(5).fill('completed'))
    expect(expired).toEqual([])
  })

  test('loses only what is torn, and names it', async () => {
    dying().open(requestOf('a'), () => NOT_SENT)
    appendFileSync(openFile(folder, 'dead'), '01234567 {"opened":[{"id":"b",')
    died()
    await recover()
    expect([...ledger.keys()]).toEqual(['a'])
    expect(torn).toEqual([expect.stringContaining('"id":"b"')])
  })

  test('is left for later when the database takes no rows', async () => {
    dying().open(requestOf('a'), () => NOT_SENT)
    died()
    const refuse = () => Promise.reject(new Error('the database is away'))
    await expect(recover(refuse)).rejects.toThrow('away')
    expect(existsSync(openFile(folder, 'dead'))).toBe(true)
    await recover()
    expect([...ledger.keys()]).toEqual(['a'])
  })
})

describe('of several that died', () => {
  const keepRow = async (node: string, id: string): Promise<void> => {
    const journal = createFileJournal({ path: rowsFile(folder, node), onTorn: () => {} })
    await journal.keep([usageRecord(id)])
    await journal.close()
  }

  test('one that can not be taken over keeps no other waiting', async () => {
    for (const node of ['first', 'second', 'third']) await keepRow(node, node)
    died()
    const store = async (rows: readonly UsageRecord[]) => {
      if (rows[0]?.id === 'second') throw new Error('refused')
      for (const row of rows) ledger.set(row.id, row)
    }
    await expect(recover(store)).rejects.toThrow('refused')
    expect([...ledger.keys()].toSorted()).toEqual(['first', 'third'])
    expect(readdirSync(folder)).toEqual(['second.rows'])
  })

  test('a torn line is named once, however often it is tried', async () => {
    await keepRow('dead', 'a')
    appendFileSync(rowsFile(folder, 'dead'), '01234567 {"id":"b",\n')
    died()
    const attempt = createRecovery(needsOf('alive', () => Promise.reject(new Error('away'))))
    for (let i = 0; i < 3; i++) await expect(attempt()).rejects.toThrow('away')
    expect(torn).toEqual([expect.stringContaining('"id":"b"')])
  })

  test('what is left of notes that were never finished, and of locks, goes', async () => {
    for (const name of ['a.open.new', 'b.lock']) appendFileSync(`${folder}/${name}`, '')
    died()
    await recover()
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a process that lives', () => {
  test('is left alone as long as it has its lock, however long it was held up', async () => {
    dying().open(requestOf('a'), () => NOT_SENT)
    const lock = takeProcessLock(lockFile(folder, 'dead'))
    died()
    await recover()
    expect([ledger.size, existsSync(openFile(folder, 'dead'))]).toEqual([0, true])
    lock?.release()
    died()
    await recover()
    expect([...ledger.keys()]).toEqual(['a'])
  })

  test('is left alone, whoever it is', async () => {
    const now = createClock(Date.now())
    const other = createOpenRequests({
      path: openFile(folder, 'other'),
      clock: now,
      log: silentLog,
    })
    other.open(requestOf('a'), () => NOT_SENT)
    utimesSync(openFile(folder, 'other'), clock.now() / 1000, clock.now() / 1000)
    await recover()
    await createRecoveryOf('other')()
    expect(ledger.size).toBe(0)
    other.close()
    expect(existsSync(openFile(folder, 'other'))).toBe(true)
  })

  test('notes all anew when its file was taken away, and when it has grown', () => {
    const path = openFile(folder, 'dead')
    const notes = dying()
    const forget = notes.open(requestOf('a'), () => NOT_SENT)
    notes.open(requestOf('b'), () => NOT_SENT)
    forget()
    died()
    Bun.spawnSync(['rm', path])
    notes.beat()
    const again = readFileSync(path, 'utf8')
    expect(again).toContain('client-b')
    expect(again).not.toContain('client-a')
    for (let i = 0; i < 20_000; i++) notes.open(requestOf(`many-${i}`), () => NOT_SENT)()
    expect(readFileSync(path).length).toBeGreaterThan(4 * 1024 * 1024)
    notes.beat()
    expect(readFileSync(path).length).toBeLessThan(2000)
  })

  test('removes its notes at the end', () => {
    const notes = dying()
    notes.open(requestOf('a'), () => NOT_SENT)()
    notes.close()
    expect(readdirSync(folder)).toEqual([])
  })
})
