import type { LiveHandle } from '../services/live-requests.ts'

/** Passes an upload on, no faster than Ollama takes it, and tells of each piece that it took. */
export function watchedUpload(
  upload: ReadableStream<Uint8Array>,
  { uploading, uploaded }: LiveHandle,
): ReadableStream<Uint8Array> {
  const reader = upload.getReader()
  uploading()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await reader.read()
        uploading()
        if (value) controller.enqueue(value)
        if (!done) return
        uploaded()
        controller.close()
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
