import { describe, expect, test } from 'bun:test'
import { checkImports, checkLength, checkLockfile, checkPins, checkText } from './checks.ts'
import { LAYERS, TREES } from './rules.ts'
import { describe as describeViolation, maskText, readSources, type Violation } from './source.ts'

type Case = readonly [file: string, text: string, broken: string | null]

const broken = (violations: readonly Violation[]): string | null =>
  violations.map(describeViolation).join('\n') || null

const importing = (file: string, specifier: string): string =>
  `import type { X } from '${specifier}'\nexport const of = ({ file }: X) => '${file}'\n`

const IMPORTS: readonly Case[] = [
  ['app/domain/a.ts', "import { b } from './b.ts'", null],
  ['app/limits/a.ts', "import { b } from '../../db/client.ts'", null],
  ['cli/a.ts', "import { b } from '../app/b.ts'\nimport '../db/c.ts'", null],
  ['cli/version.ts', "import { version } from '../package.json'", null],
  ['tests/unit/a.test.ts', "import { b } from '../../cli/b.ts'", null],
  ['app/a.ts', "// import { b } from '../cli/b.ts'", null],
  ['app/domain/a.ts', 'const text = "import x from \'../../cli/b.ts\'"', null],
  [
    'db/client.ts',
    "import { b } from '../app/log.ts'",
    'db/client.ts:1 db does not import app (../app/log.ts)',
  ],
  [
    'app/main.ts',
    "\nexport { b } from '../cli/b.ts'",
    'app/main.ts:2 app does not import cli (../cli/b.ts)',
  ],
  [
    'app/main.ts',
    "import {\n  b,\n} from '../tests/b.ts'",
    'app/main.ts:3 app does not import tests (../tests/b.ts)',
  ],
  [
    'app/domain/a.ts',
    "import '../errors/codes.ts'",
    'app/domain/a.ts:1 app/domain does not import upwards (../errors/codes.ts)',
  ],
  [
    'app/gateways/a.ts',
    "const b = await import('../deps.ts')",
    'app/gateways/a.ts:1 app/gateways does not import upwards (../deps.ts)',
  ],
  [
    'app/usage/a.ts',
    "import type { Backend } from '../upstream/backend.ts'",
    'app/usage/a.ts:1 app/usage does not import its siblings (../upstream/backend.ts)',
  ],
  [
    'app/drawer/a.ts',
    "import '../log.ts'",
    'app/drawer/a.ts:1 app/drawer belongs to a layer (../log.ts)',
  ],
  [
    'app/main.ts',
    "import '../../elsewhere.ts'",
    'app/main.ts:1 imports stay inside the project (../../elsewhere.ts)',
  ],
  ['cli/a.ts', "import '../deploy/a.ts'", 'cli/a.ts:1 code belongs to a tree (../deploy/a.ts)'],
  ['cli/a.ts', 'await import(name)', 'cli/a.ts:1 an import names its file (computed import)'],
  [
    'app/services/a.ts',
    "import { Database } from 'bun:sqlite'",
    "app/services/a.ts:1 Bun's own API stays at the edges (bun:sqlite)",
  ],
  ['db/a.ts', "import { Database } from 'bun:sqlite'", null],
  [
    'cli/a.ts',
    "import { env } from 'node:process'",
    'cli/a.ts:1 the environment is read in app/config.ts only (node:process)',
  ],
]

const TEXTS: readonly Case[] = [
  ['app/a.ts', 'export default 1', 'app/a.ts:1 no default exports (export default)'],
  ['cli/a.ts', 'export { x as default }', 'cli/a.ts:1 no default exports (export { x as default)'],
  ['tests/a.ts', 'const x: any = 1', 'tests/a.ts:1 no any (any)'],
  ['db/a.ts', 'type X = Map<string,\nany>', 'db/a.ts:2 no any (any)'],
  ['db/a.ts', 'const y = x as any', 'db/a.ts:1 no any (any)'],
  ['db/a.ts', "// any at all\nz.any('any', `any \u0024{x.any} any`, /any/).any(1)", null],
  ['tests/a.ts', 'class X { any(name: string) {} }', null],
  [
    'app/log.ts',
    'process.env.X',
    'app/log.ts:1 the environment is read in app/config.ts only (process.env)',
  ],
  [
    'cli/a.ts',
    "process['env']",
    'cli/a.ts:1 the environment is read in app/config.ts only (process[)',
  ],
  [
    'cli/a.ts',
    'const { env } = process',
    'cli/a.ts:1 the environment is read in app/config.ts only (} = process)',
  ],
  ['cli/a.ts', 'const { write } = process.stdout', null],
  ['app/config.ts', 'process.env.X', null],
  ['tests/a.ts', 'process.env.X', null],
  [
    'app/api/a.ts',
    'new Hono()',
    'app/api/a.ts:1 routers are made in app/factory.ts only (new Hono)',
  ],
  ['app/factory.ts', 'new Hono()', null],
  ['app/usage/tap.ts', 'Bun.file(x)', "app/usage/tap.ts:1 Bun's own API stays at the edges (Bun.)"],
  ['app/usage/journal.ts', 'Bun.file(x)', null],
  ['app/upstream/a.ts', 'Bun.file(x)', null],
  ['db/a.ts', 'console.log(1)', 'db/a.ts:1 no console (console.)'],
  ['tests/a.ts', 'console.log(1)', null],
]

describe('each rule finds what breaks it, and where, and nothing else', () => {
  test.each(IMPORTS.map((one) => [...one] as const))('imports: %s: %s', (file, text, expected) => {
    expect(broken(checkImports({ file, text }))).toBe(expected)
  })

  test.each(TEXTS.map((one) => [...one] as const))('text: %s: %s', (file, text, expected) => {
    expect(broken(checkText({ file, text }))).toBe(expected)
  })

  test('200 lines are not too many, 201 are', () => {
    const ofLines = (count: number) => ({ file: 'app/a.ts', text: 'x\n'.repeat(count) })
    expect(checkLength(ofLines(200))).toEqual([])
    expect(broken(checkLength(ofLines(201)))).toBe('app/a.ts:201 at most 200 lines (201)')
  })

  test('a range of versions is not a version', () => {
    const text = '{\n "devDependencies": {\n  "a": "1.2.3",\n  "b": "^1.2.3", "c": "latest" }\n}'
    expect(broken(checkPins({ file: 'package.json', text }))).toBe(
      'package.json:4 versions are exact (b ^1.2.3)\npackage.json:4 versions are exact (c latest)',
    )
  })

  test('an address in the lockfile is found', () => {
    const text = '{\n "hono": ["hono@4.13.19", "https://registry.example/hono.tgz"]\n}'
    expect(broken(checkLockfile({ file: 'bun.lock', text }))).toContain('bun.lock:2 ')
  })
})

test('no part may import a part of a higher layer', () => {
  const ranked = LAYERS.flatMap(({ parts }, rank) => parts.map((part) => ({ part, rank })))
  for (const low of ranked) {
    for (const high of ranked.filter(({ rank }) => rank > low.rank)) {
      const up = importing(`app/${low.part}/a.ts`, `../${high.part}/b.ts`)
      const down = importing(`app/${high.part}/a.ts`, `../${low.part}/b.ts`)
      expect(checkImports({ file: `app/${low.part}/a.ts`, text: up })).toHaveLength(1)
      expect(checkImports({ file: `app/${high.part}/a.ts`, text: down })).toEqual([])
    }
  }
})

test('masking keeps every character in its place and every bracket in balance', async () => {
  const sources = await readSources(`${import.meta.dir}/../../..`, Object.keys(TREES), ['ts'])
  expect(sources.length).toBeGreaterThan(100)
  for (const { file, text } of sources) {
    const code = maskText(text)
    const count = (bracket: string): number => code.split(bracket).length
    const balance = ['()', '[]', '{}'].map(([open = '', close = '']) => count(open) - count(close))
    expect([file, code.length, ...balance]).toEqual([file, text.length, 0, 0, 0])
  }
})
