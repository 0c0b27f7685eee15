import { expect, test } from 'bun:test'
import { createFlags, isFlag } from '../../../cli/flags.ts'

test('two flags of the same name are a mistake of the program', () => {
  expect(() =>
    createFlags({ role: { type: 'string', alias: 'r' }, reset: { type: 'boolean', alias: 'r' } }),
  ).toThrow('two flags are called -r')
})

test('a flag is a dash and more: not - or --, and not a negative number', () => {
  const cases: readonly [token: string, isIt: boolean][] = [
    ['--role', true],
    ['-r', true],
    ['--', false],
    ['-', false],
    ['-5', false],
    ['role', false],
    ['', false],
    ['---', true],
    ['-\n', true],
  ]
  for (const [token, isIt] of cases) expect([token, isFlag(token)]).toEqual([token, isIt])
})

test('a flag of one letter takes one dash, a boolean has its opposite', () => {
  const flags = createFlags({
    role: { type: 'string', alias: ['r', 'roles'] },
    'no-wait': { type: 'boolean' },
    admin: { type: 'boolean' },
    name: { type: 'positional' },
  })
  expect([...flags.keys()]).toEqual([
    '--role',
    '-r',
    '--roles',
    '--no-wait',
    '--admin',
    '--no-admin',
  ])
})
