/** Deepest nesting accepted; deeper schemas and tools crash model runners. */
export const MAX_JSON_DEPTH = 64
const MAX_KEY_LENGTH = 1024

/** Why a body is not acceptable JSON, in words for the caller. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError'
}

/**
 * Parses JSON that means the same to every reader: no duplicate keys, no `__proto__`, at most
 * `MAX_JSON_DEPTH` levels. Go takes the last of two equal keys and JavaScript hides both, so a body
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
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x7b: // {
        containers.push(new Set())
        checkDepth(containers.length)
        expectsKey = true
        break
      case 0x5b: // [
        containers.push(null)
        checkDepth(containers.length)
        expectsKey = false
        break
      case 0x7d: // }
      case 0x5d: // ]
        containers.pop()
        expectsKey = false
        break
      case 0x2c: // ,
        expectsKey = containers.at(-1) instanceof Set
        break
      case 0x22: {
        // "
        const end = endOfString(text, i)
        const keys = containers.at(-1)
        if (expectsKey && keys) addKey(keys, text.slice(i, end + 1))
        expectsKey = false
        i = end
        break
      }
    }
  }
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
