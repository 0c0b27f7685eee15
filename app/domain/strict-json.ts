import { fieldPath, type Path } from './field-path.ts'
import { endOfString, pathAt, stringIn } from './json-text.ts'

/** Deepest nesting accepted; deeper schemas and tools crash model runners. */
export const MAX_JSON_DEPTH = 64
const MAX_KEY_LENGTH = 1024
const MAX_NUMBER_LENGTH = 64
const NUMBER_CHARACTERS = '0123456789.eE+-'
/** A context of 128,000 tokens fits several times; more only keeps the process busy. */
const MAX_VALUES = 500_000
const MAX_KEYS = 50_000
/** Objects and lists; each costs more to look at than a value, be it wrong or empty. */
const MAX_CONTAINERS = 50_000
/** So much is told of a path, which may be longer. */
const MAX_PATH_LENGTH = 200
const TOLD_STEPS = 4

/** Why a body is not acceptable JSON, in words for the caller. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError'
  /** Where it is, as `messages[0].content`; null when it is the whole. */
  readonly field: string | null

  constructor(message: string, field: string | null = null) {
    super(message)
    this.field = field
  }
}

/**
 * Parses JSON that means the same to every reader: no duplicate keys, no `__proto__`, no number that
 * a double can't hold, at most `MAX_JSON_DEPTH` levels, and no more values than a request needs. Go
 * takes the last of two equal keys and JavaScript hides both, so a body that two parsers could read
 * differently is refused before anything is decided from it. Throws StrictJsonError.
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
  let [values, keys, opened] = [0, 0, 0]
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '{':
      case '[':
        if (containers.length === MAX_JSON_DEPTH) throw tooDeep(text, i)
        if (++opened > MAX_CONTAINERS)
          throw tooMuch(`more than ${MAX_CONTAINERS} objects and lists`)
        containers.push(text[i] === '{' ? new Set() : null)
        expectsKey = text[i] === '{'
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
          addKey(known, text, i, end)
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

/** The refusal of what is at that place. */
function refusedAt(path: Path, tell: (field: string) => string): StrictJsonError {
  const field = fieldPath(path).slice(0, MAX_PATH_LENGTH)
  return new StrictJsonError(tell(field), field || null)
}

const after = (field: string, what: string): string => (field === '' ? what : `${field}: ${what}`)

/** Says where it begins to be deep: nobody reads the path to the end. */
function tooDeep(text: string, index: number): StrictJsonError {
  const what = `nested deeper than ${MAX_JSON_DEPTH} levels`
  return refusedAt(pathAt(text, index).slice(0, TOLD_STEPS), (field) =>
    field === '' ? `the request body is ${what}` : `${field}…: ${what}`,
  )
}

/** A minus sign or a digit. */
const isNumberStart = (code: number): boolean => code === 0x2d || (code >= 0x30 && code <= 0x39)

/** The index of the last character of the number; refuses one that would become another. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && NUMBER_CHARACTERS.includes(text.charAt(end))) end++
  const literal = text.slice(start, end)
  if (isExact(literal)) return end - 1
  const what = `the number ${literal.slice(0, 32)} is too large or too long to be exact`
  throw refusedAt(pathAt(text, start), (field) => after(field, what))
}

function isExact(literal: string): boolean {
  // Fifteen digits are always exact, and nearly all numbers are shorter.
  if (literal.length <= 15 && !/e/i.test(literal)) return true
  if (literal.length > MAX_NUMBER_LENGTH) return false
  const value = Number(literal)
  return /^-?\d+$/.test(literal) ? Number.isSafeInteger(value) : Number.isFinite(value)
}

function addKey(keys: Set<string>, text: string, start: number, end: number): void {
  if (end - start >= MAX_KEY_LENGTH) {
    throw refusedAt(pathAt(text, start), () => 'a field name is too long')
  }
  const key = stringIn(text.slice(start, end + 1))
  if (key === null) throw new StrictJsonError('the request body is not valid JSON')
  if (key === '__proto__') {
    throw refusedAt(pathAt(text, start), (field) => `the field "${field}" is not accepted`)
  }
  if (keys.has(key)) {
    throw refusedAt(pathAt(text, start), (field) => `the field "${field}" appears twice`)
  }
  keys.add(key)
}
