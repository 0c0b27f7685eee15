/** A request whose body notes how much of it is read; `pieces` of 1 KiB, or without end. */
export function watchedRequest(
  url: string,
  { pieces = Number.POSITIVE_INFINITY, headers = {} as Record<string, string> } = {},
) {
  let reads = 0
  let isCancelled = false
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        reads++
        if (reads > pieces) controller.close()
        else controller.enqueue(new Uint8Array(1024).fill(0x20))
      },
      cancel() {
        isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  const request = new Request(url, { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
  return { request, reads: () => reads, isCancelled: () => isCancelled }
}
