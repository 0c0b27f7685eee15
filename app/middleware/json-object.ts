import { parseStrictJson, StrictJsonError } from '../domain/strict-json.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { type BodyLimits, readBody } from './read-body.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the body as one JSON object that means the same to every reader. `types` are the media types
 * that are taken for JSON. Throws 400, 408, 413 or 415.
 */
export async function readJsonObject(
  request: Request,
  limits: BodyLimits,
  types: ReadonlySet<string>,
): Promise<Record<string, unknown>> {
  checkMediaType(request.headers, types)
  return parse(decode(await readBody(request, limits)))
}

function checkMediaType(headers: Headers, types: ReadonlySet<string>): void {
  if (headers.has('content-encoding')) {
    throw unsupported('send the body without a Content-Encoding')
  }
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').toLowerCase().split(';')
  if (!types.has(type.trim())) throw unsupported('send the body as application/json')
  const charset = parameters.map((p) => p.trim()).find((p) => p.startsWith('charset='))
  if (charset && !/^charset="?utf-?8"?$/.test(charset)) throw unsupported('send the body in UTF-8')
}

const unsupported = (what: string): GatewayError => new GatewayError('unsupported_media_type', what)

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (err) {
    throw new GatewayError('bad_request', 'the request body is not valid UTF-8', { cause: err })
  }
}

function parse(text: string): Record<string, unknown> {
  if (text.trim() === '') throw new GatewayError('bad_request', 'missing request body')
  try {
    const value = parseStrictJson(text)
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch (err) {
    // Without the cause: the parser's own message may quote from a prompt.
    if (err instanceof StrictJsonError) {
      throw new GatewayError('bad_request', err.message, { field: err.field ?? undefined })
    }
    throw err
  }
  throw new GatewayError('bad_request', 'the request body must be a JSON object')
}
