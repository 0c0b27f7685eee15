import { beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs'
import { silentLog } from '../../../app/log.ts'
import { createOpenRequests } from '../../../app/usage/open-requests.ts'
import { createRecovery, lockFile, openFile } from '../../../app/usage/recovery.ts'
import { takeProcessLock } from '../../../db/process-lock.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { createClock } from '../support/clock.ts'
import { NOT_SENT, RecoveryStage, requestOf } from './recovery-stage.ts'

const root = temporaryFolder()
let stage: RecoveryStage
beforeEach(() => {
  stage = new RecoveryStage(root)
})

describe('a process that lives', () => {
  test('is left alone as long as it has its lock, however long it was held up', async () => {
    stage.dying().open(requestOf('a'), () => NOT_SENT)
    const lock = takeProcessLock(lockFile(stage.folder, 'dead'))
    stage.died()
    await stage.recover()
    expect([stage.ledger.size, existsSync(openFile(stage.folder, 'dead'))]).toEqual([0, true])
    lock?.release()
    stage.died()
    await stage.recover()
    expect([...stage.ledger.keys()]).toEqual(['a'])
  })

  test('is left alone, whoever it is', async () => {
    const now = createClock(Date.now())
    const other = createOpenRequests({
      path: openFile(stage.folder, 'other'),
      clock: now,
      log: silentLog,
    })
    other.open(requestOf('a'), () => NOT_SENT)
    utimesSync(openFile(stage.folder, 'other'), stage.clock.now() / 1000, stage.clock.now() / 1000)
    await stage.recover()
    await createRecovery({ ...stage.needs(), node: 'other' })()
    expect(stage.ledger.size).toBe(0)
    other.close()
    expect(existsSync(openFile(stage.folder, 'other'))).toBe(true)
  })

  test('notes all anew when its file was taken away, and when it has grown', () => {
    const path = openFile(stage.folder, 'dead')
    const notes = stage.dying()
    const forget = notes.open(requestOf('a'), () => NOT_SENT)
    notes.open(requestOf('b'), () => NOT_SENT)
    forget()
    stage.died()
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

  test('forgets what is over as soon as nothing is under way', () => {
    const notes = stage.dying()
    const forget = notes.open(requestOf('a'), () => NOT_SENT)
    const size = () => readFileSync(openFile(stage.folder, 'dead')).length
    notes.beat()
    expect(size()).toBeGreaterThan(0)
    forget()
    notes.beat()
    expect(size()).toBe(0)
  })

  test('removes its notes at the end', () => {
    const notes = stage.dying()
    notes.open(requestOf('a'), () => NOT_SENT)()
    notes.close()
    expect(readdirSync(stage.folder)).toEqual([])
  })
})
