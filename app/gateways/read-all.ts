import { GatewayError } from '../errors/gateway-error.ts'
import type { UpstreamResponse } from '../upstream/http/client.ts'

const SMALL_BYTES = 64 * 1024

/** The whole body of an answer. Throws when it is larger than `maxBytes`. */
export async function readAll(
  response: UpstreamResponse,
  maxBytes: number,
  onProgress: () => void,
): Promise<Uint8Array> {
  const length = response.headers.get('content-length')
  // Much cheaper than piece by piece, and all that most answers need.
  if (length !== null && Number(length) <= SMALL_BYTES) return await response.bytes()
  if (!response.body) return new Uint8Array(0)
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    onProgress()
    chunks.push(read.value)
    bytes += read.value.length
    if (bytes > maxBytes) {
      await reader.cancel().catch(() => {})
      throw new GatewayError('upstream_error', 'the answer is too large to be passed on')
    }
  }
  return Buffer.concat(chunks)
}
