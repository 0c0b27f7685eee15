/** One file of the project, as the rules look at it. */
export interface Source {
  /** Path from the root of the project, with `/`. */
  readonly file: string
  readonly text: string
}

/** Where a rule is broken; prints as `file:line rule (detail)`. */
export interface Violation {
  readonly file: string
  readonly line: number
  readonly rule: string
  readonly detail: string
}

export const describe = ({ file, line, rule, detail }: Violation): string =>
  `${file}:${line} ${rule}${detail && ` (${detail})`}`

/** The number of the line that holds the character at `offset`, from 1. */
export const lineAt = (text: string, offset: number): number =>
  text.slice(0, offset).split('\n').length

/** Reads the files of these folders that have one of these endings. */
export async function readSources(
  root: string,
  folders: readonly string[],
  endings: readonly string[],
): Promise<Source[]> {
  const glob = new Bun.Glob(`{${folders.join(',')}}/**/*.{${endings.join(',')}}`)
  const files = [...glob.scanSync(root)].sort()
  return await Promise.all(
    files.map(async (file) => ({ file, text: await Bun.file(`${root}/${file}`).text() })),
  )
}

/**
 * The code of a source, with blanks in place of comments and of what is inside strings, templates
 * and regular expressions. Every character stays where it was.
 */
export function maskText(text: string): string {
  let out = ''
  let at = 0
  const depths: number[] = []
  const copyTo = (end: number): void => {
    out += text.slice(at, end)
    at = end
  }
  const blankTo = (end: number): void => {
    out += text.slice(at, end).replace(/[^\n]/g, ' ')
    at = end
  }
  /** Blanks a template's text up to its end or to the next `${`, whose code is looked at. */
  const template = (): void => {
    const end = endOf(text, at, /`|\$\{/)
    blankTo(end)
    if (text[at] === '$') {
      depths.push(0)
      copyTo(at + 2)
    } else copyTo(at + 1)
  }

  while (at < text.length) {
    const char = text[at] ?? ''
    const next = text[at + 1]
    const depth = depths.at(-1)
    if (char === '/' && next === '/') blankTo(indexOrEnd(text, '\n', at))
    else if (char === '/' && next === '*') blankTo(indexOrEnd(text, '*/', at + 2) + 2)
    else if (char === "'" || char === '"') {
      copyTo(at + 1)
      blankTo(endOf(text, at, char === '"' ? /["\n]/ : /['\n]/))
      copyTo(at + 1)
    } else if (char === '`') {
      copyTo(at + 1)
      template()
    } else if (char === '/' && startsExpression(out)) {
      copyTo(at + 1)
      blankTo(endOfRegExp(text, at))
      copyTo(at + 1)
    } else if (char === '}' && depth === 0) {
      depths.pop()
      copyTo(at + 1)
      template()
    } else {
      if (depth !== undefined && char === '{') depths[depths.length - 1] = depth + 1
      if (depth !== undefined && char === '}') depths[depths.length - 1] = depth - 1
      copyTo(at + 1)
    }
  }
  return out
}

/** Where the first match is that no backslash stands before. */
function endOf(text: string, from: number, closing: RegExp): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text.slice(at, at + 2).search(closing) === 0) return at
  }
  return text.length
}

function endOfRegExp(text: string, from: number): number {
  let isInClass = false
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '[') isInClass = true
    else if (text[at] === ']') isInClass = false
    else if (text[at] === '\n' || (text[at] === '/' && !isInClass)) return at
  }
  return text.length
}

/** True when a slash after this code begins a regular expression, false when it divides. */
const startsExpression = (before: string): boolean =>
  /(?:^|[([{,;=:!&|?+\-*%<>~^]|\b(?:return|typeof|case|in|of|await|yield))\s*$/.test(
    before.slice(-40),
  )

function indexOrEnd(text: string, wanted: string, from: number): number {
  const index = text.indexOf(wanted, from)
  return index < 0 ? text.length : index
}
