/** The fields of a head that was checked; nothing is taken apart before it is asked for. */
export class ResponseHeaders {
  readonly #text: string
  readonly #start: number

  /** `start` is where the first field begins in the text of the head. */
  constructor(text: string, start: number) {
    this.#text = text
    this.#start = start
  }

  /** A field's value, several joined as RFC 9110 §5.3 says; null when there is none. */
  get(name: string): string | null {
    const text = this.#text
    const wanted = name.toLowerCase()
    let found: string | null = null
    let at = this.#start
    for (let end = text.indexOf('\r\n', at); end > at; end = text.indexOf('\r\n', at)) {
      const colon = at + wanted.length
      if (text[colon] === ':' && text.slice(at, colon).toLowerCase() === wanted) {
        const value = text.slice(colon + 1, end).trim()
        found = found === null ? value : `${found}, ${value}`
      }
      at = end + 2
    }
    return found
  }
}
