import { posix } from 'node:path'
import { LAYERS, MAX_LINES, PACKAGE_RULES, TEXT_RULES, TREES } from './rules.ts'
import { lineAt, maskText, type Source, type Violation } from './source.ts'

interface Import {
  readonly line: number
  readonly specifier: string
}

/** Every import and re-export of a source, static or not. */
export function importsOf({ text }: Source): Import[] {
  const code = maskText(text)
  const literals = [...code.matchAll(/\bfrom\s*(['"])|\bimport\s*\(?\s*(['"])/g)]
  return literals.map((match) => {
    const start = match.index + match[0].length
    const end = code.indexOf(match[1] ?? match[2] ?? '', start)
    return { line: lineAt(text, match.index), specifier: text.slice(start, end) }
  })
}

/** Imports that go up, across or out of the layers, and those that cannot be followed. */
export function checkImports(source: Source): Violation[] {
  const { file, text } = source
  const direction = importsOf(source).flatMap(({ line, specifier }) => {
    const rule = specifier.startsWith('.')
      ? brokenDirection(file, posix.join(posix.dirname(file), specifier))
      : brokenPackageRule(file, specifier)
    return rule ? [{ file, line, rule, detail: specifier }] : []
  })
  const computed = [...maskText(text).matchAll(/(?<![.\w])import\s*\(\s*(?!['"\s])/g)]
  return direction.concat(
    computed.map(({ index }) => {
      const line = lineAt(text, index)
      return { file, line, rule: 'an import names its file', detail: 'computed import' }
    }),
  )
}

function brokenDirection(from: string, to: string): string | null {
  const tree = treeOf(from)
  const target = treeOf(to)
  if (to.startsWith('../')) return 'imports stay inside the project'
  if (!(target in TREES)) return /\.tsx?$/.test(to) ? 'code belongs to a tree' : null
  if (tree !== target) {
    return TREES[tree]?.includes(target) ? null : `${tree} does not import ${target}`
  }
  return tree === 'app' ? brokenLayer(partOf(from), partOf(to)) : null
}

function brokenLayer(part: string, target: string): string | null {
  if (part === target) return null
  const own = LAYERS.findIndex(({ parts }) => parts.includes(part))
  const other = LAYERS.findIndex(({ parts }) => parts.includes(target))
  if (own < 0 || other < 0) return `app/${own < 0 ? part : target} belongs to a layer`
  if (other > own) return `app/${part} does not import upwards`
  return other === own && LAYERS[own]?.apart ? `app/${part} does not import its siblings` : null
}

function brokenPackageRule(file: string, specifier: string): string | null {
  const broken = PACKAGE_RULES.find(
    (rule) => rule.specifier.test(specifier) && appliesTo(rule, file),
  )
  return broken?.rule ?? null
}

/** What must not stand in the code of a source. */
export function checkText({ file, text }: Source): Violation[] {
  const code = maskText(text)
  return TEXT_RULES.filter((rule) => appliesTo(rule, file)).flatMap(({ rule, pattern }) =>
    [...code.matchAll(pattern)].map(({ 0: detail, index }) => {
      const start = index + detail.search(/\S/)
      return { file, line: lineAt(text, start), rule, detail: detail.trim() }
    }),
  )
}

/** A file that is too long to be read in one sitting. */
export function checkLength({ file, text }: Source): Violation[] {
  const lines = text.replace(/\n$/, '').split('\n').length
  if (lines <= MAX_LINES) return []
  return [{ file, line: MAX_LINES + 1, rule: `at most ${MAX_LINES} lines`, detail: `${lines}` }]
}

/** Dependencies whose version is a range: another machine could get another program. */
export function checkPins({ file, text }: Source): Violation[] {
  const manifest = JSON.parse(text) as Record<string, Record<string, string> | undefined>
  const groups = Object.keys(manifest).filter((key) => /^(?!patched).*dependencies$/i.test(key))
  const versions = groups.flatMap((group) => Object.entries(manifest[group] ?? {}))
  return versions
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => {
      const line = lineAt(text, text.indexOf(`"${name}"`))
      return { file, line, rule: 'versions are exact', detail: `${name} ${version}` }
    })
}

/** Addresses in the lockfile: packages come from whatever registry the machine is set up for. */
export function checkLockfile({ file, text }: Source): Violation[] {
  return [...text.matchAll(/\S*:\/\/\S*/g)].map(({ 0: detail, index }) => {
    const line = lineAt(text, index)
    return { file, line, rule: 'the lockfile holds no address', detail }
  })
}

const treeOf = (file: string): string => file.split('/')[0] ?? ''
const partOf = (file: string): string => (file.split('/')[1] ?? '').replace(/\.tsx?$/, '')

const appliesTo = (
  { trees, except }: { readonly trees: readonly string[]; readonly except: readonly string[] },
  file: string,
): boolean =>
  trees.includes(treeOf(file)) &&
  !except.some((path) => (path.endsWith('/') ? file.startsWith(path) : file === path))
