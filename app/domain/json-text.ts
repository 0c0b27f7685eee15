import type { Path } from './field-path.ts'

/** The index of the quote that closes the string opened at `start`, or the end of the text. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return text.length
}

/** What a string says that stands between quotes; null when it is not valid JSON. */
export function stringIn(literal: string): string | null {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  try {
    return String(JSON.parse(literal))
  } catch {
    return null
  }
}

/**
 * The way to what begins at this index of a JSON text; to the field itself where it is a key. The text is
 * walked again from its beginning, so this is for refusals only.
 */
export function pathAt(text: string, index: number): Path {
  const steps: (string | number)[] = []
  let expectsKey = false
  for (let i = 0; i < index; i++) {
    switch (text[i]) {
      case '{':
      case '[':
        steps.push(text[i] === '{' ? '' : 0)
        expectsKey = text[i] === '{'
        break
      case '}':
      case ']':
        steps.pop()
        expectsKey = false
        break
      case ',':
        expectsKey = typeof steps.at(-1) === 'string'
        if (typeof steps.at(-1) === 'number') steps.push(Number(steps.pop()) + 1)
        break
      case '"': {
        const end = endOfString(text, i)
        if (expectsKey) steps.splice(-1, 1, stringIn(text.slice(i, end + 1)) ?? '')
        expectsKey = false
        i = end
      }
    }
  }
  if (!expectsKey || text[index] !== '"') return steps
  const key = text.slice(index, endOfString(text, index) + 1)
  return [...steps.slice(0, -1), stringIn(key) ?? '']
}
