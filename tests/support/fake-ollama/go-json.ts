/** A JSON object as Go's decoder sees it: every member in the order of the text. */
export class GoObject {
  readonly members: readonly (readonly [key: string, value: GoValue])[]

  constructor(members: readonly (readonly [string, GoValue])[]) {
    this.members = members
  }

  /** All values whose key Go would store in the struct field `name`, in order. */
  all(name: string): GoValue[] {
    return this.members.filter(([key]) => fold(key) === name).map(([, value]) => value)
  }

  /** The value a plain Go field ends up with: the last one; `null` leaves it as it was. */
  field(name: string): GoValue | undefined {
    return this.all(name).findLast((value) => value !== null)
  }

  /** The value a Go pointer field ends up with: the last one, and `null` empties it. */
  pointer(name: string): GoValue | undefined {
    return this.all(name).at(-1) ?? undefined
  }
}

/** What {@link decodeGoJson} gives back. */
export type GoValue = null | boolean | number | string | readonly GoValue[] | GoObject

/** The text of a Go decoding error, as Ollama puts it into a 400. */
export class GoJsonError extends Error {
  override readonly name = 'GoJsonError'
}

const maxDepth = 10_000
const numberLiteral = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const blank = /[ \t\r\n]*/y
const words: readonly (readonly [string, GoValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]

/**
 * Decodes the first JSON value of the text and ignores what follows, as Go's stream decoder does.
 * Throws {@link GoJsonError} with Go's text; `EOF` when there is no value at all.
 */
export function decodeGoJson(text: string): GoValue {
  return new Reader(text).value(0)
}

/** Go folds ASCII case, and the two further letters whose simple fold is an ASCII one. */
function fold(key: string): string {
  return key.toLowerCase().replaceAll('\u017f', 's').replaceAll('\u212a', 'k')
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): GoValue {
    if (depth > maxDepth) throw new GoJsonError('exceeded max depth')
    const first = this.#peek()
    if (first === '{') return this.#object(depth)
    if (first === '[') return this.#array(depth)
    if (first === '"') return this.#string()
    for (const [word, value] of words) if (this.#take(word)) return value
    const number = this.#match(numberLiteral)
    if (number) return Number(number)
    throw this.#unexpected('looking for beginning of value')
  }

  #object(depth: number): GoObject {
    const members: [string, GoValue][] = []
    this.#at++
    if (this.#peek() === '}') return this.#close(members)
    while (true) {
      if (this.#peek() !== '"') {
        throw this.#unexpected('looking for beginning of object key string')
      }
      const key = this.#string()
      this.#expect(':', 'after object key')
      members.push([key, this.value(depth + 1)])
      if (this.#peek() === '}') return this.#close(members)
      this.#expect(',', 'after object key:value pair')
    }
  }

  #close(members: [string, GoValue][]): GoObject {
    this.#at++
    return new GoObject(members)
  }

  #array(depth: number): GoValue[] {
    const items: GoValue[] = []
    this.#at++
    if (this.#peek() !== ']') {
      items.push(this.value(depth + 1))
      while (this.#peek() !== ']') {
        this.#expect(',', 'after array element')
        items.push(this.value(depth + 1))
      }
    }
    this.#at++
    return items
  }

  #string(): string {
    const start = this.#at
    let end = this.#text.indexOf('"', start + 1)
    while (end > 0 && this.#escaped(end)) end = this.#text.indexOf('"', end + 1)
    if (end < 0) throw new GoJsonError('unexpected EOF')
    this.#at = end + 1
    try {
      return String(JSON.parse(this.#text.slice(start, this.#at))).toWellFormed()
    } catch (cause) {
      throw new GoJsonError('invalid character in string literal', { cause })
    }
  }

  #escaped(quote: number): boolean {
    let before = quote
    while (this.#text[before - 1] === '\\') before--
    return (quote - before) % 2 === 1
  }

  #expect(character: string, place: string): void {
    if (this.#peek() !== character) throw this.#unexpected(place)
    this.#at++
  }

  #peek(): string {
    this.#match(blank)
    const next = this.#text[this.#at]
    if (next !== undefined) return next
    throw new GoJsonError(this.#text.trim() === '' ? 'EOF' : 'unexpected EOF')
  }

  #take(word: string): boolean {
    const found = this.#text.startsWith(word, this.#at)
    if (found) this.#at += word.length
    return found
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const [found] = pattern.exec(this.#text) ?? []
    this.#at += found?.length ?? 0
    return found
  }

  #unexpected(place: string): GoJsonError {
    return new GoJsonError(`invalid character '${this.#text[this.#at] ?? ''}' ${place}`)
  }
}
