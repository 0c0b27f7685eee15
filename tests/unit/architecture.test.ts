import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  checkImports,
  checkLength,
  checkLockfile,
  checkPins,
  checkText,
} from './architecture/checks.ts'
import { CODE_ENDINGS, FOLDERS, TREES } from './architecture/rules.ts'
import {
  describe as describeViolation,
  readSources,
  type Source,
  type Violation,
} from './architecture/source.ts'

const ROOT = join(import.meta.dir, '../..')
const sources = await readSources(ROOT, Object.keys(TREES), CODE_ENDINGS)
const typescript = sources.filter(({ file }) => /\.tsx?$/.test(file))
const read = async (file: string): Promise<Source> => ({
  file,
  text: await Bun.file(join(ROOT, file)).text(),
})

const broken = (check: (source: Source) => Violation[], checked: readonly Source[]): string[] =>
  checked.flatMap(check).map(describeViolation)

describe('the project', () => {
  test('imports one way: cli, app, db; and inside app from the higher layer to the lower', () => {
    expect(broken(checkImports, typescript)).toEqual([])
  })

  test('keeps default exports, any, console, the environment, routers and Bun where they belong', () => {
    expect(broken(checkText, typescript)).toEqual([])
  })

  test('has no file that is too long to be read in one sitting', () => {
    expect(broken(checkLength, sources)).toEqual([])
  })

  test('pins every dependency to one version', async () => {
    expect(broken(checkPins, [await read('package.json')])).toEqual([])
  })

  test('has no address in its lockfile', async () => {
    expect(broken(checkLockfile, [await read('bun.lock')])).toEqual([])
  })

  test('has no empty folder and no TypeScript among what is deployed', () => {
    const filesIn = (folder: string): string[] =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    const existing = FOLDERS.filter((folder) => existsSync(join(ROOT, folder)))
    expect(existing.length).toBeGreaterThan(10)
    expect(existing.filter((folder) => filesIn(folder).length === 0)).toEqual([])
    const deployed = existing.filter((folder) => folder.startsWith('deploy/')).flatMap(filesIn)
    expect(deployed.filter((file) => /\.tsx?$/.test(file))).toEqual([])
  })
})
