/** A command of a `sh` block or the whole of a block in another language, where it stands. */
export interface Snippet {
  readonly language: string
  readonly text: string
  /** The number of its first line in the document, from 1. */
  readonly line: number
}

/** Every command of the `sh` blocks, and every block in another language, in order. */
export function snippetsOf(markdown: string): Snippet[] {
  return blocksOf(markdown).flatMap((block) =>
    block.language === 'sh' ? commandsOf(block) : block,
  )
}

/** The fenced blocks that have a language; a picture has none. */
function blocksOf(markdown: string): Snippet[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => {
    const [, language = '', text = ''] = match
    return { language, text, line: markdown.slice(0, match.index).split('\n').length + 1 }
  })
}

/** One command for each line, and for each run of lines that end in a backslash. */
function commandsOf({ language, text, line }: Snippet): Snippet[] {
  const commands = [...text.matchAll(/(?:.*\\\n)*.+/g)]
  return commands.map(({ 0: command, index }) => ({
    language,
    text: command.trim(),
    line: line + text.slice(0, index).split('\n').length - 1,
  }))
}

/** The text between single backquotes outside of blocks, each in one line. */
export function codeSpansOf(markdown: string): string[] {
  const prose = markdown.replace(/^```.*?^```$/gms, '')
  return [...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replace(/\s+/g, ' '))
}

/** The cells of the table whose first heading is this; throws when there is none. */
export function tableOf(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`))
  if (start < 0) throw new Error(`no table begins with ${heading}`)
  const rows = lines.slice(start + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end < 0 ? undefined : end).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}
