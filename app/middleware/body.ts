import type { MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import { foldKey, parseStrictJson, StrictJsonError } from '../domain/strict-json.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { PrincipalEnv } from './key-lookup.ts'
import { type BodyLimits, readBody } from './read-body.ts'

export interface BodyEnv<Body> extends PrincipalEnv {
  Variables: PrincipalEnv['Variables'] & { body: Body }
}

/** A schema of the fields that are known; all others are dropped. */
export type BodySchema<Body> = z.ZodType<Body> & {
  readonly shape: Readonly<Record<string, unknown>>
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `application/json`, and what curl says when it is told nothing: Ollama's own examples use both. */
const JSON_TYPES = new Set(['application/json', 'application/x-www-form-urlencoded', ''])

/** Reads the body as JSON of that shape; refuses with 400, 408, 413 or 415. */
export const jsonBody = <Body>(
  schema: BodySchema<Body>,
  limits: BodyLimits,
): MiddlewareHandler<BodyEnv<Body>> => {
  const known = Object.keys(schema.shape)
  return async function jsonBody(c, next) {
    checkMediaType(c.req.raw.headers)
    const value = parse(decode(await readBody(c.req.raw, limits)))
    refuseCaseVariants(value, known)
    const result = schema.safeParse(value)
    if (!result.success) throw new GatewayError('bad_request', describe(result.error.issues[0]))
    c.set('body', result.data)
    await next()
  }
}

/** For operations whose body is not read here. */
export const noBody = <Body>(): MiddlewareHandler<BodyEnv<Body>> =>
  async function noBody(_c, next) {
    await next()
  }

function checkMediaType(headers: Headers): void {
  if (headers.has('content-encoding')) {
    throw unsupported('send the body without a Content-Encoding')
  }
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').toLowerCase().split(';')
  if (!JSON_TYPES.has(type.trim())) throw unsupported('send the body as application/json')
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
    if (err instanceof StrictJsonError) throw new GatewayError('bad_request', err.message)
    throw err
  }
  throw new GatewayError('bad_request', 'the request body must be a JSON object')
}

/** `MODEL` would be dropped here and be read as `model` by Ollama: nobody knows what was meant. */
function refuseCaseVariants(value: Record<string, unknown>, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const meant = known.find((name) => name === foldKey(key))
    if (meant)
      throw new GatewayError('bad_request', `unknown field "${key}"; write it as "${meant}"`)
  }
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  const path = issue?.path.join('.')
  return `${path || 'the request body'}: ${issue?.message ?? 'not valid'}`
}
