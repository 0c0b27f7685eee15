import { ResponseParser } from '../../../../app/upstream/http/parser.ts'

/** What a parser made of a response. */
export interface Parsed {
  readonly status: number | undefined
  readonly body: string
  readonly isComplete: boolean
  readonly hasExcess: boolean
  readonly keepAlive: boolean | undefined
  readonly header: (name: string) => string | null
}

/** Feeds a parser with latin-1 text, cut at the given offsets. */
export function readResponse(text: string, cuts: readonly number[] = [], method = 'POST'): Parsed {
  const parser = new ResponseParser(method)
  const bytes = Buffer.from(text, 'latin1')
  let body = ''
  let from = 0
  for (const to of [...cuts, bytes.length]) {
    // A copy, because a piece is the parser's to change.
    if (to > from) body += latin1(parser.push(Buffer.from(bytes.subarray(from, to))))
    from = to
  }
  return {
    status: parser.head?.status,
    body,
    isComplete: parser.isComplete,
    hasExcess: parser.hasExcess,
    keepAlive: parser.head?.keepAlive,
    header: (name) => parser.head?.get(name) ?? null,
  }
}

const latin1 = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString('latin1')

/** Every byte a piece of its own. */
export const everywhere = (text: string): number[] =>
  Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => i + 1)
