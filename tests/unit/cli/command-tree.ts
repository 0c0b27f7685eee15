import { integer } from '../../../cli/arg-values.ts'
import { command, group } from '../../../cli/command.ts'
import { CliError, InterruptedError, UsageError } from '../../../cli/errors.ts'
import { type CliOptions, runCli } from '../../../cli/run.ts'

const create = command({
  meta: {
    name: 'create',
    description: 'create a user',
    examples: ['parallama user create anna --role premium'],
  },
  args: {
    name: { type: 'positional', description: 'name to log in with' },
    role: { type: 'string', alias: 'r', multiple: true, description: 'role to grant' },
    admin: { type: 'boolean', description: 'grant the role "admin"' },
    'token-hourly': { type: 'string', parse: integer({ min: 1 }), valueHint: 'n' },
    'token-daily': { type: 'string', valueHint: 'n', parse: integer({ min: 1 }), default: '1000' },
    format: { type: 'enum', options: ['csv', 'json'], default: 'csv' },
    migrate: { type: 'boolean', default: true, negativeDescription: 'leave the schema alone' },
  },
  async run({ args, out }) {
    out.record(args)
  },
})

const list = command({
  meta: { name: 'list', alias: 'ls', description: 'list users' },
  async run({ args, out }) {
    const rows = args.config === 'empty' ? [] : [{ name: 'anna' }, { name: 'b\u001b[31m\u202eob' }]
    out.list(rows, [{ header: 'name', value: (row) => row.name }], { empty: 'No users yet.' })
  },
})

const failures: Readonly<Record<string, () => Error | string>> = {
  people: () => new CliError('the disk is full', { hint: 'Make room.' }),
  usage: () => new UsageError('pass a name or --all'),
  interrupt: () => new InterruptedError('interrupted'),
  service: () => new RangeError('internal detail'),
  unexpected: () => new TypeError('x is not\na function'),
  text: () => 'just text',
}

const fail = command({
  meta: { name: 'fail', description: 'fail in a chosen way' },
  args: { how: { type: 'positional', options: Object.keys(failures) } },
  async run({ args }) {
    throw failures[args.how]?.()
  },
})

const check = command({
  meta: { name: 'check', description: 'find something wrong' },
  async run({ out }) {
    out.message('1 problem found.')
    return 1
  },
})

/** A small program with a group, lazy commands and every kind of argument. */
export const tree = group({
  meta: { name: 'parallama', version: '1.2.3', description: 'share Ollama hosts' },
  subCommands: {
    user: async () =>
      group({
        meta: { name: 'user', description: 'manage users' },
        subCommands: { create, list: () => list },
      }),
    fail: Promise.resolve(fail),
    check,
  },
})

/** Runs the tree and keeps what it printed. */
export async function runTree(rawArgs: readonly string[], options?: CliOptions) {
  const stdout = memoryStream()
  const stderr = memoryStream()
  const io = { stdin: process.stdin, stdout, stderr }
  const code = await runCli(tree, rawArgs, io, options)
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

/** A stream that keeps what is written to it. */
export function memoryStream() {
  let written = ''
  return {
    write(text: string) {
      written += text
    },
    text: () => written,
  }
}
