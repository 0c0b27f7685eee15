import type { FinalRecord } from '../domain/native.ts'
import { createLineReader, type Lines } from './ndjson.ts'

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

  /** The next bytes for the client, or null at the end. */
  const next = async (): Promise<Uint8Array | null> => {
    for (;;) {
      const { value, done } = await reader.read()
      const complete = done ? lines.end() : lines.push(value)
      if (complete) return complete.last ? await release(complete, complete.last) : pass(complete)
      if (done) return await end({ kind: 'incomplete' })
    }
  }

  const pass = ({ bytes, records }: Lines): Uint8Array => {
    onRecords(records)
    return bytes
  }

  const release = async ({ bytes, records }: Lines, record: FinalRecord): Promise<Uint8Array> => {
    if (record.error === undefined) {
      onRecords(records)
      await end({ kind: 'done', record })
      return bytes
    }
    const before = bytes.subarray(0, bytes.lastIndexOf(0x0a, bytes.length - 2) + 1)
    onRecords(records - 1)
    const replacement = await end({ kind: 'error-record', record })
    return Buffer.concat([before, replacement ?? new Uint8Array(0)])
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let bytes: Uint8Array | null
        try {
          bytes = await next()
        } catch (cause) {
          bytes = await end({ kind: 'broken', cause })
        }
        if (bytes && bytes.length > 0) controller.enqueue(bytes)
        else if (bytes === null) controller.close()
      },
      async cancel(reason) {
        await end({ kind: 'left' })
        await reader.cancel(reason).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}
