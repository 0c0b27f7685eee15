// C0 and C1 controls, DEL, line separators, and the marks that reorder text on screen.
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\p{Surrogate}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Text that is safe to show on a terminal, on one line: whatever could move the cursor, change
 * colours, retitle the window or reverse the reading direction appears as a visible escape.
 */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? escapeOf(character))
}

/** As `visible`, but line breaks stay: for messages written by the program itself. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n')
}

/**
 * The value as indented JSON with a final newline. The same characters are escaped as in `visible`,
 * the JSON way, so that it can be shown on a terminal and still parses to the same value. A bigint
 * becomes a number, or a string beyond the safe integers.
 */
export function json(value: unknown): string {
  const text = JSON.stringify(value, plain, 2) ?? 'null'
  return `${text.replace(UNSAFE, (found) => (found === '\n' ? found : unicodeEscape(found)))}\n`
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0)
  return code > 0xff ? unicodeEscape(character) : `\\x${code.toString(16).padStart(2, '0')}`
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
