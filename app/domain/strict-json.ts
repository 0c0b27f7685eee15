/** Deepest nesting accepted; deeper schemas and tools crash model runners. */
export const MAX_JSON_DEPTH = 64
const MAX_KEY_LENGTH = 1024
const MAX_NUMBER_LENGTH = 64
const NUMBER_CHARACTERS = '0123456789.eE+-'
/** A context of 128,000 tokens fits several times; more only keeps the process busy. */
const MAX_VALUES = 500_000
const MAX_KEYS = 50_000

/** Why a body is not acceptable JSON, in words for the caller. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError'
}

/**
 * Parses JSON that means the same to every reader: no duplicate keys, no `__proto__`, no number that
 * a double can't hold, at most `MAX_JSON_DEPTH` levels, and no more values than a request needs. Go takes the last of two equal keys and JavaScript hides both, so a body
 * that two parsers could read differently is refused before anything is decided from it.
 * Throws StrictJsonError.
 */
export function parseStrictJson(text: string): unknown {
  inspect(text)
  try {
    return JSON.parse(text)
  } catch {
    throw new StrictJsonError('the request body is not valid JSON')
  }
}

/** The form in which Go compares keys: simple case folding, long s and Kelvin sign included. */
export const foldKey = (key: string): string =>
  key.toLowerCase().replaceAll('ſ', 's').replaceAll('K', 'k')

/** Walks the text once. It need not be valid: what is broken is left for JSON.parse to refuse. */
function inspect(text: string): void {
  const containers: (Set<string> | null)[] = []
  let expectsKey = false
  let values = 0
  let keys = 0
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '{':
      case '[':
        containers.push(text[i] === '{' ? new Set() : null)
        expectsKey = text[i] === '{'
        checkDepth(containers.length)
        break
      case '}':
      case ']':
        containers.pop()
        expectsKey = false
        break
      case ',':
        expectsKey = containers.at(-1) instanceof Set
        if (++values > MAX_VALUES) throw tooMuch(`more than ${MAX_VALUES} values`)
        break
      case '"': {
        const end = endOfString(text, i)
        const known = containers.at(-1)
        if (expectsKey && known) {
          addKey(known, text.slice(i, end + 1))
          if (++keys > MAX_KEYS) throw tooMuch(`more than ${MAX_KEYS} fields`)
        }
        expectsKey = false
        i = end
        break
      }
      default:
        if (isNumberStart(text.charCodeAt(i))) i = endOfNumber(text, i)
    }
  }
}

const tooMuch = (what: string): StrictJsonError =>
  new StrictJsonError(`the request body holds ${what}`)

/** A minus sign or a digit. */
const isNumberStart = (code: number): boolean => code === 0x2d || (code >= 0x30 && code <= 0x39)

/** The index of the last character of the number; refuses one that would become another. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && NUMBER_CHARACTERS.includes(text.charAt(end))) end++
  checkNumber(text.slice(start, end))
  return end - 1
}

function checkNumber(literal: string): void {
  // Fifteen digits are always exact, and nearly all numbers are shorter.
  if (literal.length <= 15 && !/e/i.test(literal)) return
  const value = Number(literal)
  const isWhole = /^-?\d+$/.test(literal)
  if (
    literal.length <= MAX_NUMBER_LENGTH &&
    (isWhole ? Number.isSafeInteger(value) : Number.isFinite(value))
  )
    return
  throw new StrictJsonError(
    `the number ${literal.slice(0, 32)} is too large or too long to be exact`,
  )
}

function checkDepth(depth: number): void {
  if (depth <= MAX_JSON_DEPTH) return
  throw new StrictJsonError(`the request body is nested deeper than ${MAX_JSON_DEPTH} levels`)
}

/** The index of the quote that closes the string opened at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return text.length
}

function addKey(keys: Set<string>, literal: string): void {
  if (literal.length > MAX_KEY_LENGTH) throw new StrictJsonError('a field name is too long')
  const key = literal.includes('\\') ? decodeKey(literal) : literal.slice(1, -1)
  if (key === '__proto__') throw new StrictJsonError('the field "__proto__" is not accepted')
  if (keys.has(key)) throw new StrictJsonError(`the field "${key.slice(0, 64)}" appears twice`)
  keys.add(key)
}

function decodeKey(literal: string): string {
  try {
    return String(JSON.parse(literal))
  } catch {
    throw new StrictJsonError('the request body is not valid JSON')
  }
}
