import { GatewayError } from '../errors/gateway-error.ts'

export interface BodyLimits {
  readonly maxBytes: number
  /** How long the body may take to arrive, in ms. */
  readonly timeoutMs: number
}

/** The body as text. Throws 413 as soon as it is too long, 408 when it is too slow, 400 for bad UTF-8. */
export async function readBody(
  request: Request,
  { maxBytes, timeoutMs }: BodyLimits,
): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  if (!request.body) return ''
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    reader.cancel().catch(() => {})
  }, timeoutMs)
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      bytes += read.value.length
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      chunks.push(read.value)
    }
  } finally {
    clearTimeout(timer)
  }
  if (isLate) {
    throw new GatewayError(
      'body_timeout',
      'the request body took too long to arrive; send it again',
    )
  }
  return decode(chunks)
}

function decode(chunks: readonly Uint8Array[]): string {
  const [first] = chunks
  const bytes = chunks.length === 1 && first ? first : Buffer.concat(chunks)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (err) {
    throw new GatewayError('bad_request', 'the request body is not valid UTF-8', { cause: err })
  }
}

const tooLarge = (maxBytes: number): GatewayError =>
  new GatewayError('body_too_large', `the request body is larger than ${maxBytes} bytes`)
