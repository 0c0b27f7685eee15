import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileKey, variable } from '../../app/config.ts'
import { SETTINGS } from '../../app/settings.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { codeSpansOf, snippetsOf, tableOf } from '../support/readme.ts'
import { LAYERS } from './architecture/rules.ts'

const ROOT = join(import.meta.dir, '../..')
const README = await Bun.file(join(ROOT, 'README.md')).text()
const exists = (path: string): boolean => existsSync(join(ROOT, path))

const DATA_DIR = '‹data_dir›'

function shownDefault(name: string, value: unknown): string {
  if (name === 'dataDir') return 'see above'
  return value === null ? 'none' : `\`${value}\``
}

describe('the README', () => {
  test('lists every setting with its variable, default and meaning', () => {
    const expected = Object.entries(SETTINGS).map(([name, setting]) => [
      `\`${fileKey(name)}\``,
      `\`${variable(name)}\``,
      shownDefault(name, setting.default(DATA_DIR)),
      setting.description,
    ])
    expect(tableOf(README, 'Key in the file')).toEqual(expected)
  })

  test('names files and folders that exist', () => {
    const paths = codeSpansOf(README).filter((span) => /^(app|cli|db|tests|\.ci)\//.test(span))
    expect(paths.length).toBeGreaterThan(30)
    expect(paths.filter((path) => !exists(path))).toEqual([])
    const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(
      ([, target = '']) => target,
    )
    expect(links.filter((target) => !exists(target))).toEqual([])
  })

  test('says what every folder of the program is for', () => {
    const cells = tableOf(README, 'File or folder').map(([cell = '']) => cell)
    const listed = cells.flatMap(codeSpansOf)
    const folders = ['app', 'cli', 'db'].flatMap((tree) =>
      readdirSync(join(ROOT, tree), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => posix.relative(ROOT, join(entry.parentPath, entry.name))),
    )
    const isListed = (folder: string): boolean =>
      listed.some((path) => path === `${folder}/` || posix.dirname(path) === folder)
    const isPartOfListed = (folder: string): boolean =>
      isListed(folder) || (folder.includes('/') && isListed(posix.dirname(folder)))
    expect(folders.length).toBeGreaterThan(10)
    expect(folders.filter((folder) => !isPartOfListed(folder))).toEqual([])
  })

  test('lists the folders of app so that each imports only what is listed below it', () => {
    const rows = tableOf(README, 'File or folder').map(([cell = '']) => codeSpansOf(cell))
    const ranks = rows.flatMap((paths) => {
      const parts = paths.flatMap((path) => /^app\/([\w-]+)/.exec(path)?.[1] ?? [])
      const layers = parts.map((part) => LAYERS.findIndex(({ parts }) => parts.includes(part)))
      return layers.length > 0 ? [{ row: paths[0], rank: Math.max(...layers) }] : []
    })
    expect(ranks).toEqual(ranks.toSorted((a, b) => b.rank - a.rank))
  })

  test('runs the version of Bun that the project requires, and only scripts that exist', () => {
    const texts = snippetsOf(README)
      .map(({ text }) => text)
      .concat(codeSpansOf(README))
    const versions = texts.flatMap((text) => /bun@([\d.]+)/.exec(text)?.[1] ?? [])
    expect(new Set(versions)).toEqual(new Set([packageJson.engines.bun.replace('>=', '')]))
    const scripts = texts.flatMap((text) => /bun(?:@[\d.]+)? run (\w+)/.exec(text)?.[1] ?? [])
    expect(scripts.filter((script) => !(script in packageJson.scripts))).toEqual([])
  })
})
