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
  /** The client went away. */
  | { readonly kind: 'left' }

export interface TapNeeds {
  /** Called for each piece that is about to be passed on, with how many records it holds. */
  onRecords(records: number): void
  /**
   * Called exactly once. The last bytes are passed on when the promise resolves, so that a response
   * which a client has seen whole is always accounted for. Its bytes, if any, replace an error
   * record or are added as one.
   */
  onEnd(end: StreamEnd): Promise<Uint8Array | null>
}

/**
 * Passes a stream of records on, byte for byte and no faster than the client reads, and watches
 * how it ends. Nothing else touches the body of a response.
 */
export function tap(
  upstream: ReadableStream<Uint8Array>,
  { onRecords, onEnd }: TapNeeds,
): ReadableStream<Uint8Array> {
  const reader = upstream.getReader()
  const lines = createLineReader()
  let hasEnded = false

  const end = async (how: StreamEnd): Promise<Uint8Array | null> => {
    if (hasEnded) return null
    hasEnded = true
    return await onEnd(how)
  }

  /** The next bytes for the client; `isLast` when there are no more. */
  const next = async (): Promise<Piece> => {
    for (;;) {
      const { value, done } = await reader.read()
      const complete = done ? lines.end() : lines.push(value)
      if (complete?.last) return await finalPiece(complete, complete.last)
      if (complete) onRecords(complete.records)
      if (done) {
        const rest = complete && Buffer.concat([complete.bytes, LINE_END])
        return { bytes: joined(rest, await end({ kind: 'incomplete' })), isLast: true }
      }
      if (complete) return { bytes: complete.bytes, isLast: false }
    }
  }

  const finalPiece = async ({ bytes, records }: Lines, record: FinalRecord): Promise<Piece> => {
    void drain(reader)
    if (record.error === undefined) {
      onRecords(records)
      await end({ kind: 'done', record })
      return { bytes, isLast: true }
    }
    const before = bytes.subarray(0, bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1)
    onRecords(records - 1)
    return { bytes: joined(before, await end({ kind: 'error-record', record })), isLast: true }
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await next().catch(async (cause: unknown) => ({
          bytes: await end({ kind: 'broken', cause }),
          isLast: true,
        }))
        if (piece.bytes && piece.bytes.length > 0) controller.enqueue(piece.bytes)
        if (piece.isLast) controller.close()
      },
      async cancel(reason) {
        reader.cancel(reason).catch(() => {})
        await end({ kind: 'left' })
      },
    },
    { highWaterMark: 0 },
  )
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

interface Reader {
  read(): Promise<{ readonly done: boolean }>
  cancel(): Promise<void>
}

/** Reads to the end, so that the connection can be used again; a host that does not end is left. */
async function drain(reader: Reader): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), DRAIN_MS)
  try {
    while (!(await reader.read()).done);
  } catch {
    // The answer is whole: how its connection ends is of no interest.
  } finally {
    clearTimeout(timer)
  }
}
