import type { FinalRecord } from '../domain/native.ts'
import { createLineReader, type Lines } from './ndjson.ts'

const NEWLINE = 0x0a
const LINE_END = new Uint8Array([NEWLINE])
/** How long a host may take to end a stream after its final record, in ms. */
const DRAIN_MS = 1000

/** How a stream ended, told once. */
export type StreamEnd =
  | { readonly kind: 'done'; readonly record: FinalRecord }
  /** Ollama put an error into the stream. */
  | { readonly kind: 'error-record'; readonly record: FinalRecord }
  /** Ollama ended the stream without a final record. */
  | { readonly kind: 'incomplete' }
  /** The connection broke, or we cut it; `cause` says which. */
  | { readonly kind: 'broken'; readonly cause: unknown }
  /** A record can't be told: it has not the form of one. */
  | { readonly kind: 'senseless'; readonly cause: unknown }
  /** The client went away. */
  | { readonly kind: 'left' }

export interface TapNeeds {
  /** Called for each piece that is about to be passed on, with how many records it holds. */
  onRecords(records: number): void
  /** Called when the client gets something, be it the end of what was passed on before. */
  onBytes?(): void
  /**
   * Called exactly once. The last bytes are passed on when the promise resolves, so that a response
   * which a client has seen whole is always accounted for. Its bytes, if any, replace an error
   * record or are added as one.
   */
  onEnd(end: StreamEnd): Promise<Uint8Array | null>
  /** Whole lines in other words, of which there may be none; null passes them on untouched. May throw. */
  readonly encode: ((lines: Uint8Array) => Uint8Array) | null
  /** What the client is sent before there is any record. */
  readonly prelude?: Uint8Array | undefined
}

interface Read {
  readonly done: boolean
  readonly value?: Uint8Array | undefined
}

/** Where the records come from. */
export interface Source {
  read(): Promise<Read>
  cancel(reason?: unknown): Promise<void>
}

export interface Tap {
  readonly stream: ReadableStream<Uint8Array>
  /** Sends this to a client who waits for the next record; does nothing when none does. */
  beat(bytes: Uint8Array): void
}

/**
 * Passes a stream of records on, no faster than the client reads, and watches how it ends. Nothing else
 * touches the body of a response.
 */
export function tap(source: Source, needs: TapNeeds): Tap {
  const { onRecords, onBytes, onEnd, encode, prelude } = needs
  const lines = createLineReader()
  let hasEnded = false
  let waiting: ReadableStreamDefaultController<Uint8Array> | null = null

  const end = async (how: StreamEnd): Promise<Uint8Array | null> => {
    if (hasEnded) return null
    hasEnded = true
    return await onEnd(how)
  }

  /** What one read has for the client; null when that is nothing yet. */
  const pieceOf = ({ value, done }: Read): Piece | Promise<Piece> | null => {
    const complete = done || !value ? lines.end() : lines.push(value)
    if (complete?.last) return finalPiece(complete, complete.last)
    if (complete) onRecords(complete.records)
    if (done) return incompletePiece(complete)
    const bytes = complete && told(complete.bytes)
    return bytes && bytes.length > 0 ? { bytes, isLast: false } : null
  }

  const incompletePiece = async (complete: Lines | null): Promise<Piece> => {
    const rest = complete && told(Buffer.concat([complete.bytes, LINE_END]))
    return { bytes: joined(rest, await end({ kind: 'incomplete' })), isLast: true }
  }

  const finalPiece = async ({ bytes, records }: Lines, record: FinalRecord): Promise<Piece> => {
    void drain(source)
    if (record.error === undefined) {
      onRecords(records)
      const last = told(bytes)
      await end({ kind: 'done', record })
      return { bytes: last, isLast: true }
    }
    const before = told(bytes.subarray(0, bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1))
    onRecords(records - 1)
    return { bytes: joined(before, await end({ kind: 'error-record', record })), isLast: true }
  }

  const told = (bytes: Uint8Array): Uint8Array => {
    if (!encode) return bytes
    try {
      return encode(bytes)
    } catch (cause) {
      throw new SenselessRecord(cause)
    }
  }

  const failed = async (err: unknown): Promise<Piece> => {
    // Else the host would go on with an answer of which nobody reads any more.
    source.cancel(err).catch(() => {})
    const how =
      err instanceof SenselessRecord
        ? ({ kind: 'senseless', cause: err.cause } as const)
        : ({ kind: 'broken', cause: err } as const)
    return { bytes: await end(how), isLast: true }
  }

  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (prelude) controller.enqueue(prelude)
      },
      async pull(controller) {
        waiting = controller
        let piece: Piece | null = null
        try {
          while (!piece) piece = await pieceOf(await source.read())
        } catch (err) {
          piece = await failed(err)
        }
        waiting = null
        if (piece.bytes && piece.bytes.length > 0) controller.enqueue(piece.bytes)
        onBytes?.()
        if (piece.isLast) controller.close()
      },
      async cancel(reason) {
        waiting = null
        source.cancel(reason).catch(() => {})
        await end({ kind: 'left' })
      },
    },
    { highWaterMark: 0 },
  )
  return {
    stream,
    beat(bytes) {
      // One that the client has not read yet is enough.
      const isRead = waiting && (waiting.desiredSize ?? -1) >= 0
      if (isRead && !lines.isMidLine) waiting?.enqueue(bytes)
    },
  }
}

/** What an encoder threw. */
class SenselessRecord extends Error {
  constructor(cause: unknown) {
    super('a record can not be told', { cause })
  }
}

interface Piece {
  readonly bytes: Uint8Array | null
  readonly isLast: boolean
}

const joined = (
  first: Uint8Array | null | undefined,
  second: Uint8Array | null,
): Uint8Array | null =>
  first && second ? Buffer.concat([first, second]) : (first ?? second ?? null)

/** Reads to the end, so that the connection can be used again; a host that does not end is left. */
async function drain(source: Source): Promise<void> {
  const timer = setTimeout(() => void source.cancel().catch(() => {}), DRAIN_MS)
  try {
    while (!(await source.read()).done);
  } catch {
    // The answer is whole: how its connection ends is of no interest.
  } finally {
    clearTimeout(timer)
  }
}
