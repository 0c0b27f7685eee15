import { describe, expect, test } from 'bun:test'
import { runTree } from './command-tree.ts'

const SEE_CREATE = 'Run "parallama user create --help" to see what it takes.'
const SEE_USER = 'Run "parallama user --help" to see its commands.'
const SEE_ALL = 'Run "parallama --help" to see its commands.'

describe('a wrong command line exits 2, prints nothing to stdout and names the mistake', () => {
  const cases: readonly [line: string, message: string, hint: string][] = [
    ['usr', 'unknown command "usr"; did you mean "user"?', SEE_ALL],
    ['frobnicate', 'unknown command "frobnicate"', SEE_ALL],
    ['user creat', 'unknown command "user creat"; did you mean "user create"?', SEE_USER],
    ['user toString', 'unknown command "user toString"', SEE_USER],
    ['user __proto__', 'unknown command "user __proto__"', SEE_USER],
    ['-- user', 'unknown command "--"', SEE_ALL],
    ['user --jsno list', 'unknown flag --jsno; did you mean --json?', SEE_USER],
    ['user --version', 'unknown flag --version', SEE_USER],
    ['user create a --tokn 5', 'unknown flag --tokn; did you mean --token-hourly?', SEE_CREATE],
    ['user create a --daily 5', 'unknown flag --daily; did you mean --token-daily?', SEE_CREATE],
    ['user create a --Role=x', 'unknown flag --Role; did you mean --role?', SEE_CREATE],
    ['user create a -role x', 'unknown flag -role; did you mean --role?', SEE_CREATE],
    [
      'user create a --no-migrat',
      'unknown flag --no-migrat; did you mean --no-migrate?',
      SEE_CREATE,
    ],
    ['user create a --__proto__=1', 'unknown flag --__proto__', SEE_CREATE],
    ['user create a -x', 'unknown flag -x', SEE_CREATE],
    ['user create', 'missing <name>', SEE_CREATE],
    ['user create a b', 'unexpected argument "b"', SEE_CREATE],
    ['user create a -- --json', 'unexpected argument "--json"', SEE_CREATE],
    ['user create a --role', '--role needs a value', SEE_CREATE],
    ['user create a --config c --config d', '--config is given more than once', SEE_CREATE],
    ['user create a --admin --no-admin', '--no-admin is given more than once', SEE_CREATE],
    ['user create a --admin=maybe', '--admin takes no value', SEE_CREATE],
    ['user create a --no-admin=true', '--no-admin takes no value', SEE_CREATE],
    [
      'user create a --token-hourly many',
      '--token-hourly must be a whole number, 1 or more, not "many"',
      SEE_CREATE,
    ],
    [
      'user create a --format jsn',
      '--format must be one of csv, json, not "jsn"; did you mean json?',
      SEE_CREATE,
    ],
  ]
  test.each(cases)('%s', async (line, message, hint) => {
    expect(await runTree(line.split(' '))).toEqual({
      code: 2,
      stdout: '',
      stderr: `parallama: ${message}\n${hint}\n`,
    })
  })

  test('a value that starts with a dash is refused with the form that works', async () => {
    const { code, stderr } = await runTree(['user', 'create', 'a', '--role', '--admin'])
    expect(code).toBe(2)
    expect(stderr).toBe(
      'parallama: --role needs a value\nA value that starts with a dash is written --role=--admin\n',
    )
  })

  test('what was typed is shown without control characters', async () => {
    const { stderr } = await runTree(['user', 'create', 'a', '\u001b[2J\u202e'])
    expect(stderr).toStartWith('parallama: unexpected argument "\\x1b[2J\\u202e"\n')
  })
})

describe('an error is one message and one hint, and never a stack', () => {
  const cases: readonly [how: string, code: number, stderr: string][] = [
    ['people', 1, 'parallama: the disk is full\nMake room.\n'],
    ['usage', 2, 'parallama: pass a name or --all\n'],
    ['interrupt', 130, ''],
    [
      'unexpected',
      1,
      'parallama: unexpected error: x is not\\na function\nSet PARALLAMA_LOG_LEVEL=debug to see where this comes from.\n',
    ],
    [
      'text',
      1,
      'parallama: unexpected error: "just text"\nSet PARALLAMA_LOG_LEVEL=debug to see where this comes from.\n',
    ],
  ]
  test.each(cases)('%s', async (how, code, stderr) => {
    expect(await runTree(['fail', how])).toEqual({ code: code as 0 | 1 | 2, stdout: '', stderr })
  })

  test('an error of a service is explained by the program', async () => {
    const explain = (error: unknown) =>
      error instanceof RangeError ? { message: 'no such user', hint: 'List them.' } : undefined
    const result = await runTree(['fail', 'service'], { explain })
    expect(result).toEqual({ code: 1, stdout: '', stderr: 'parallama: no such user\nList them.\n' })
  })

  test('debugging adds the stack of an unexpected error', async () => {
    const { code, stderr } = await runTree(['fail', 'unexpected'], { debug: true })
    expect(code).toBe(1)
    expect(stderr).toContain('command-tree.ts')
  })
})

describe('a right command line', () => {
  test('--version prints the name and the version', async () => {
    for (const flag of ['--version', '-v']) {
      expect(await runTree([flag])).toEqual({ code: 0, stdout: 'parallama 1.2.3\n', stderr: '' })
    }
  })

  test('shared flags are understood before, between and after the names', async () => {
    for (const line of [
      '--json --config empty user list',
      'user --config=empty ls --json',
      'user list --json --config empty',
    ]) {
      expect(await runTree(line.split(' '))).toEqual({ code: 0, stdout: '[]\n', stderr: '' })
    }
  })

  test('a command may answer 1 without an error', async () => {
    expect(await runTree(['check'])).toEqual({ code: 1, stdout: '1 problem found.\n', stderr: '' })
  })

  test('arguments arrive under their camel-case names with their defaults', async () => {
    const line = 'user create anna -r a --role=b --no-migrate --token-hourly 5 --json'
    const { stdout } = await runTree(line.split(' '))
    expect(JSON.parse(stdout)).toEqual({
      name: 'anna',
      role: ['a', 'b'],
      tokenHourly: 5,
      tokenDaily: 1000,
      format: 'csv',
      migrate: false,
      json: true,
    })
  })
})
