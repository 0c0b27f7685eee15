import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ArgSpecs } from '../../../cli/command.ts'
import { parseStrict } from '../../../cli/strict-args.ts'
import { runTree } from './command-tree.ts'

const words = 'user create list ls fail check people usage unexpected help anna -- - -5 -h'
const flags =
  '--help --json --config --config=x --role -r --role=a --no-migrate --admin --format --version -v'
const token = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words.split(' ')) },
  { weight: 3, arbitrary: fc.constantFrom(...flags.split(' ')) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 8 }).map((text) => `--${text}`) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', '--__proto__', 'constructor', '--=', '') },
)
const unsafe = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u

test('any command line at all ends in 0, 1 or 2, prints no control characters, and says why', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(token, { maxLength: 7 }), async (argv) => {
      const { code, stdout, stderr } = await runTree(argv)
      expect([0, 1, 2]).toContain(code)
      expect(stdout).not.toMatch(unsafe)
      expect(stderr).not.toMatch(unsafe)
      expect(stderr === '').toBe(code === 0 || stdout !== '')
    }),
    { numRuns: 2000 },
  )
})

test('a command that succeeds with --json prints exactly one JSON value', async () => {
  const leaf = fc.constantFrom(['user', 'list'], ['user', 'create', 'anna'], ['check'])
  await fc.assert(
    fc.asyncProperty(leaf, fc.array(token, { maxLength: 4 }), async (names, more) => {
      const { code, stdout } = await runTree(['--json', ...names, ...more])
      const isHelp = stdout.includes('Usage: ')
      if (code === 0 && !isHelp) expect(() => JSON.parse(stdout)).not.toThrow()
    }),
    { numRuns: 500 },
  )
})

test('whatever values are written in whatever form come back as they were', () => {
  const specs: ArgSpecs = {
    name: { type: 'positional' },
    'first-role': { type: 'string', alias: 'f' },
    tag: { type: 'string', multiple: true },
    admin: { type: 'boolean' },
    rest: { type: 'positional', multiple: true, required: false },
  }
  const text = fc.string({ unit: 'binary', maxLength: 10 })
  const values = fc.record({
    firstRole: fc.option(text, { nil: undefined }),
    tag: fc.array(text, { maxLength: 3 }),
    admin: fc.option(fc.boolean(), { nil: undefined }),
    positionals: fc.array(text, { minLength: 1, maxLength: 4 }),
  })
  fc.assert(
    fc.property(
      values,
      fc.infiniteStream(fc.nat(1)),
      ({ firstRole, tag, admin, positionals }, coins) => {
        const flip = () => coins.next().value === 1
        const isDashed = (value: string) => value.startsWith('-')
        const write = (name: string, value: string) =>
          flip() || isDashed(value) ? [`${name}=${value}`] : [name, value]
        const tokens = [
          ...(firstRole === undefined ? [] : write(flip() ? '-f' : '--first-role', firstRole)),
          ...tag.flatMap((value) => write('--tag', value)),
          ...(admin === undefined ? [] : [admin ? '--admin' : '--no-admin']),
          ...(positionals.some(isDashed) || flip() ? ['--'] : []),
          ...positionals,
        ]
        const [name, ...rest] = positionals
        expect(parseStrict(specs, tokens)).toEqual({ name, firstRole, tag, admin, rest })
      },
    ),
  )
})
