import { type TapNeeds, tap } from '../../../app/usage/tap.ts'

const encoder = new TextEncoder()

/** A stream whose chunks are sent by hand, and that remembers whether it was cancelled. */
export function manualStream() {
  const cancelled = Promise.withResolvers<unknown>()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>({
    start(own) {
      controller = own
    },
    cancel: (reason) => cancelled.resolve(reason),
  })
  return {
    stream,
    /** Resolves when the reader does not want any more. */
    cancelled: cancelled.promise,
    send: (text: string) => controller?.enqueue(encoder.encode(text)),
    close: () => controller?.close(),
    fail: (err: unknown) => controller?.error(err),
  }
}

/** A stream of these chunks that then ends. */
export const streamOf = (chunks: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) {
        controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk)
      }
      controller.close()
    },
  })

/** A few turns of the event loop: what is ready to happen has happened afterwards. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** How a test reads what a tap makes of a stream. */
export const tapped = (
  upstream: ReadableStream<Uint8Array>,
  needs: Omit<TapNeeds, 'encode'> & Partial<Pick<TapNeeds, 'encode'>>,
): ReadableStream<Uint8Array> => tap(upstream.getReader(), { encode: null, ...needs }).stream
