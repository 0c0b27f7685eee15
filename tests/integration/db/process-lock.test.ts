import { afterEach, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Subprocess } from 'bun'
import { takeProcessLock } from '../../../db/process-lock.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const path = join(temporaryFolder(), 'a.lock')
const children: Subprocess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL')
    await child.exited
  }
})

async function holder(): Promise<Subprocess<'ignore', 'pipe'>> {
  const script = `${import.meta.dir}/children/hold-process-lock.ts`
  const child = Bun.spawn([process.execPath, script, path], { stdin: 'ignore', stdout: 'pipe' })
  children.push(child)
  const { value } = await child.stdout.getReader().read()
  expect(new TextDecoder().decode(value)).toBe('held\n')
  return child
}

test('one process has it, even while it is stopped, and the next as soon as that one is dead', async () => {
  const child = await holder()
  expect(takeProcessLock(path)).toBeNull()
  child.kill('SIGSTOP')
  expect(takeProcessLock(path)).toBeNull()
  child.kill('SIGKILL')
  await child.exited
  const lock = takeProcessLock(path)
  expect(lock).not.toBeNull()
  lock?.release()
})

test('is taken once in a process, too, and leaves nothing behind', () => {
  const lock = takeProcessLock(path)
  expect(takeProcessLock(path)).toBeNull()
  lock?.release()
  expect(existsSync(path)).toBe(false)
  takeProcessLock(path)?.release()
})

test('throws where no file can be', () => {
  expect(() => takeProcessLock(join(path, 'in', 'nothing'))).toThrow()
})
