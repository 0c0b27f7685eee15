import { GatewayError } from '../errors/gateway-error.ts'

export interface BodyLimits {
  readonly maxBytes: number
  /** How long the body may take to arrive, in ms. */
  readonly timeoutMs: number
}

/** The body's bytes. Throws 413 as soon as it is too long, 408 when it is too slow, 499 when it breaks off. */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const length = request.headers.get('content-length')
  if (Number(length ?? 0) > limits.maxBytes) throw tooLarge(limits.maxBytes)
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(tooSlow()), limits.timeoutMs)
  try {
    // A body of known length is read in one piece: much cheaper, and it can't be longer than it says.
    const whole = length === null ? readPieces(request, limits.maxBytes) : request.bytes()
    return await Promise.race([whole.catch(refuseBroken), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

async function readPieces(request: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function refuseBroken(cause: unknown): never {
  if (cause instanceof GatewayError) throw cause
  throw new GatewayError('client_closed', 'the request body broke off', { cause })
}

const tooSlow = (): GatewayError =>
  new GatewayError('body_timeout', 'the request body took too long to arrive; send it again')

const tooLarge = (maxBytes: number): GatewayError =>
  new GatewayError('body_too_large', `the request body is larger than ${maxBytes} bytes`)
