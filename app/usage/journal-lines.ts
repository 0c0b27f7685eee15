import { crc32 } from 'node:zlib'

const CHECKSUM_DIGITS = 8
/** How much of a torn line is told, in characters: enough to find the request. */
const SHOWN = 120

/** A line that does not say what was written: the process or the machine stopped in the midst of it. */
export interface TornLine {
  /** Where it begins, in bytes. */
  readonly at: number
  /** How it begins. */
  readonly text: string
}

export interface DecodedLines {
  readonly values: readonly unknown[]
  readonly torn: readonly TornLine[]
}

/** A value as a line of a journal: the CRC-32 of its JSON, and the JSON. */
export function encodeLine(value: unknown): string {
  const json = JSON.stringify(value)
  return `${checksum(json)} ${json}\n`
}

/** Reads whole lines; `at` is where in its file the first one begins. */
export function decodeLines(text: string, at: number): DecodedLines {
  const values: unknown[] = []
  const torn: TornLine[] = []
  let position = at
  for (const line of text.split('\n')) {
    const value = decode(line)
    if (value !== undefined) values.push(value)
    else if (line !== '') torn.push({ at: position, text: line.slice(0, SHOWN) })
    position += Buffer.byteLength(line) + 1
  }
  return { values, torn }
}

function decode(line: string): unknown {
  const json = line.slice(CHECKSUM_DIGITS + 1)
  return line.slice(0, CHECKSUM_DIGITS) === checksum(json) ? JSON.parse(json) : undefined
}

const checksum = (json: string): string => crc32(json).toString(16).padStart(CHECKSUM_DIGITS, '0')
