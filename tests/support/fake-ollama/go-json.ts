/** A JSON object as Go's decoder sees it: every member in the order of the text. */
export class GoObject {
  readonly members: readonly (readonly [key: string, value: GoValue])[]

  constructor(members: readonly (readonly [string, GoValue])[]) {
    this.members = members
  }

  /** All values whose key Go would store in the struct field `name`, in order. */
  all(name: string): GoValue[] {
    return this.members.filter(([key]) => fold(key) === fold(name)).map(([, value]) => value)
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
const stringLiteral = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y
const numberLiteral = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const blank = /[ \t\r\n]*/y

/**
 * Decodes the first JSON value of the text and ignores what follows, as Go's stream decoder does.
 * Throws {@link GoJsonError} with Go's text; `EOF` when there is no value at all.
 */
export function decodeGoJson(text: string): GoValue {
  return new Reader(text).value(0)
}

/** Go folds ASCII case, and two further letters that fold into ASCII. */
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
    const first = this.#peek('looking for beginning of value')
    if (first === '{') return this.#object(depth)
    if (first === '[') return this.#array(depth)
    if (first === '"') return this.#string()
    for (const [word, value] of literals) if (this.#take(word)) return value
    const number = this.#match(numberLiteral)
    if (number) return Number(number)
    throw this.#unexpected('looking for beginning of value')
  }

  #object(depth: number): GoObject {
    this.#at++
    const members: [string, GoValue][] = []
    if (this.#peek('looking for beginning of object key string') === '}') return this.#close([])
    while (true) {
      const place = 'looking for beginning of object key string'
      if (this.#peek(place) !== '"') throw this.#unexpected(place)
      const key = this.#string()
      this.#expect(':', 'after object key')
      members.push([key, this.value(depth + 1)])
      if (this.#peek('after object key:value pair') === '}') return this.#close(members)
      this.#expect(',', 'after object key:value pair')
    }
  }

  #close(members: [string, GoValue][]): GoObject {
    this.#at++
    return new GoObject(members)
  }

  #array(depth: number): GoValue[] {
    this.#at++
    const items: GoValue[] = []
    if (this.#peek('looking for beginning of value') !== ']') {
      items.push(this.value(depth + 1))
      while (this.#peek('after array element') !== ']') {
        this.#expect(',', 'after array element')
        items.push(this.value(depth + 1))
      }
    }
    this.#at++
    return items
  }

  #string(): string {
    const literal = this.#match(stringLiteral)
    if (!literal) throw new GoJsonError('unexpected EOF')
    return String(JSON.parse(literal)).toWellFormed()
  }

  #expect(character: string, place: string): void {
    if (this.#peek(place) !== character) throw this.#unexpected(place)
    this.#at++
  }

  #peek(place: string): string {
    this.#match(blank)
    const next = this.#text[this.#at]
    if (next !== undefined) return next
    throw new GoJsonError(this.#at === 0 || this.#text.trim() === '' ? 'EOF' : 'unexpected EOF', {
      cause: place,
    })
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

const literals: readonly (readonly [string, GoValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]
