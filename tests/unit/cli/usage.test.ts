import { expect, test } from 'bun:test'
import { command } from '../../../cli/command.ts'
import { renderUsage } from '../../../cli/usage.ts'
import { runTree } from './command-tree.ts'

const COMMON = `Common options:
      --json                print one JSON value instead of text
      --config <file>       configuration file
      --data-dir <dir>      directory of the database and the secret
      --database-url <url>  sqlite:FILE or postgres://…
  -h, --help                show this help
`

const USER_HELP = `Manage users.

Usage: parallama user <command> [options]

Commands:
  create    create a user
  list, ls  list users

${COMMON}
Run "parallama user <command> --help" to see what a command takes.
`

const CREATE_HELP = `Create a user.

Usage: parallama user create <name> [options]

Arguments:
  <name>  name to log in with

Options:
  -r, --role <role>        role to grant (may be repeated)
      --admin              grant the role "admin"
      --token-hourly <n>
      --token-daily <n>    (default 1000)
      --format <csv|json>  (default csv)
      --no-migrate         leave the schema alone

${COMMON}
Examples:
  parallama user create anna --role premium
`

test('--help, -h and help show a command at any level on stdout, and exit 0', async () => {
  const cases: readonly [line: string, help: string][] = [
    ['user --help', USER_HELP],
    ['-h user', USER_HELP],
    ['help user', USER_HELP],
    ['user create -h', CREATE_HELP],
    ['help user create', CREATE_HELP],
    ['user create a b c --tokn --role --help', CREATE_HELP],
  ]
  for (const [line, help] of cases) {
    expect(await runTree(line.split(' '))).toEqual({ code: 0, stdout: help, stderr: '' })
  }
})

test('the root help lists the commands and --version', async () => {
  const { code, stdout } = await runTree(['--help'])
  expect(code).toBe(0)
  expect(stdout).toStartWith('Share Ollama hosts.\n\nUsage: parallama <command> [options]\n')
  expect(stdout).toContain('\n  user   manage users\n')
  expect(stdout).toContain('\n  -v, --version             show the version\n')
})

test('no command, or a group without its verb, is usage on stderr and exit 2', async () => {
  expect(await runTree([])).toMatchObject({ code: 2, stdout: '' })
  expect(await runTree(['user'])).toEqual({ code: 2, stdout: '', stderr: USER_HELP })
  expect(await runTree(['--json', 'user'])).toEqual({ code: 2, stdout: '', stderr: USER_HELP })
})

test('help for a command that does not exist is still a mistake', async () => {
  expect(await runTree(['help', 'usr'])).toMatchObject({ code: 2, stdout: '' })
})

test('--help after -- is an argument', async () => {
  const { code, stdout } = await runTree(['user', 'create', '--json', '--', '--help'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout).name).toBe('--help')
})

test('no line of a help is wider than the screen', async () => {
  const words = 'a long and winding sentence about what this does '
  const wide = command({
    meta: { name: 'wide', description: words.repeat(4) },
    args: {
      'a-flag-with-a-name-beyond-all-measure': {
        type: 'string',
        valueHint: 'n',
        description: words.repeat(5),
      },
      short: { type: 'boolean', alias: 's', description: words.repeat(5) },
      kind: { type: 'positional', options: ['one', 'two'], description: words.repeat(3) },
    },
    run: async () => {},
  })
  for (const width of [60, 80, 100]) {
    const help = await renderUsage(['parallama', 'wide'], wide, width)
    expect(Math.max(...help.split('\n').map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(
      width,
    )
    expect(help).toContain('one of one, two')
  }
})
