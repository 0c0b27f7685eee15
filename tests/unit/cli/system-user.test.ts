import { expect, test } from 'bun:test'
import { userInfo } from 'node:os'
import { systemUser } from '../../../cli/system-user.ts'

test('who runs a command is told by the system, not by the environment', async () => {
  const source = `import { systemUser } from '${import.meta.dir}/../../../cli/system-user.ts'
    process.stdout.write(systemUser())`
  const program = Bun.spawn([process.execPath, '-e', source], {
    env: { PATH: process.env.PATH ?? '', USER: 'mallory', LOGNAME: 'mallory', USERNAME: 'mallory' },
  })
  expect(await program.stdout.text()).toBe(systemUser())
  expect(systemUser()).not.toBe('mallory')
  if (userInfo().uid === 0) expect(systemUser()).toBe('root')
})
