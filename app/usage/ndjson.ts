import type { FinalRecord } from '../domain/native.ts'

const NEWLINE = 0x0a
const EMPTY = new Uint8Array(0)
const decoder = new TextDecoder()
/** How Ollama's token records end. */
const ORDINARY_END = new TextEncoder().encode('"done":false}')
/** A record longer than this is passed on unread, in bytes: it can't be held for ever. */
const MAX_LINE_BYTES = 4 * 1024 * 1024

/** Whole lines, ready to be passed on, and what the last of them says. */
export interface Lines {
  readonly bytes: Uint8Array
  /** How many records there are in `bytes`. */
  readonly records: number
  /** The record that ends the stream, or tells of a failure, when it is the last of `bytes`. */
  readonly last: FinalRecord | null
}

export interface LineReader {
  /** Whether what was passed on last is the beginning of a line that was too long to be held. */
  readonly isMidLine: boolean
  /** The lines that this chunk completes; null when it completes none. */
  push(chunk: Uint8Array): Lines | null
  /** The record that is left when the stream has ended without a newline; null when none is. */
  end(): Lines | null
}

/**
 * Cuts a stream of records into whole lines, wherever the chunks were cut. A chunk that is whole
 * lines already, as nearly all are, comes back as it is.
 */
export function createLineReader(): LineReader {
  let held: Uint8Array[] = []
  let heldBytes = 0
  /** The beginning of the line has been passed on already, because it was too long to be held. */
  let isMidLine = false

  const hold = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return
    held.push(bytes)
    heldBytes += bytes.length
  }
  const withHeld = (bytes: Uint8Array): Uint8Array => {
    if (heldBytes === 0) return bytes
    const all = Buffer.concat([...held, bytes])
    held = []
    heldBytes = 0
    return all
  }

  return {
    get isMidLine() {
      return isMidLine
    },
    push(chunk) {
      const cut = chunk.lastIndexOf(NEWLINE) + 1
      if (cut === 0) {
        hold(chunk)
        if (heldBytes <= MAX_LINE_BYTES) return null
        isMidLine = true
        return { bytes: withHeld(EMPTY), records: 0, last: null }
      }
      const lines = withHeld(cut === chunk.length ? chunk : chunk.subarray(0, cut))
      if (cut < chunk.length) hold(chunk.subarray(cut))
      isMidLine = false
      return inspect(lines)
    },
    end() {
      if (heldBytes === 0) return null
      const rest = withHeld(EMPTY)
      // A record that was cut off is none: passed on, it would only break the reader's parser.
      if (!isMidLine && parseRecord(rest) === null) return null
      return { bytes: rest, records: 1, last: readFinal(rest) }
    },
  }
}

/** Counts whole lines, up to and with the record that ends the stream; nothing comes after it. */
function inspect(lines: Uint8Array): Lines {
  let records = 0
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(NEWLINE, start)
    records++
    const last = isOrdinary(lines, end) ? null : readFinal(lines.subarray(start, end))
    if (last) return { bytes: lines.subarray(0, end + 1), records, last }
    start = end + 1
  }
  return { bytes: lines, records, last: null }
}

/** The record when it is one that ends the stream. */
function readFinal(line: Uint8Array): FinalRecord | null {
  const record = parseRecord(line)
  const isFinal =
    record?.done === true || record?.status === 'success' || record?.error !== undefined
  return isFinal ? record : null
}

/** Tells an ordinary token record by its last bytes, without reading the rest. */
function isOrdinary(bytes: Uint8Array, end: number): boolean {
  const start = end - ORDINARY_END.length
  // A loop, because `every` with a closure takes longer than all else that is done to a record.
  let same = 0
  while (same < ORDINARY_END.length && bytes[start + same] === ORDINARY_END[same]) same++
  return same === ORDINARY_END.length
}

function parseRecord(line: Uint8Array): FinalRecord | null {
  try {
    const value: unknown = JSON.parse(decoder.decode(line))
    return value !== null && typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
