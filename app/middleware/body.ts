import type { MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import { fieldPath } from '../domain/field-path.ts'
import { badField, type GatewayError } from '../errors/gateway-error.ts'
import { readJsonObject } from './json-object.ts'
import type { PrincipalEnv } from './key-lookup.ts'
import { refuseCaseVariants } from './known-fields.ts'
import type { BodyLimits } from './read-body.ts'

export interface BodyEnv<Body> extends PrincipalEnv {
  Variables: PrincipalEnv['Variables'] & { body: Body }
}

/** Makes of the JSON that was sent what an operation works with. */
export interface BodyReader<Body> {
  /** Throws bad_request that names the field. */
  read(value: Readonly<Record<string, unknown>>): Body
}

/** `application/json`, and what curl says when it is told nothing: Ollama's own examples use both. */
const JSON_TYPES = new Set(['application/json', 'application/x-www-form-urlencoded', ''])

/** A body of the fields that the schema knows; all others are dropped. */
export function bodyOf<Wire>(schema: z.ZodType<Wire>): BodyReader<Wire>
/** The same, made into a request that Ollama understands. */
export function bodyOf<Wire, Body>(
  schema: z.ZodType<Wire>,
  decode: (wire: Wire) => Body,
): BodyReader<Body>
export function bodyOf<Wire, Body>(
  schema: z.ZodType<Wire>,
  decode: (wire: Wire) => Body | Wire = (wire) => wire,
): BodyReader<Body | Wire> {
  const checkSpelling = refuseCaseVariants(schema)
  return {
    read(value) {
      checkSpelling(value)
      const result = schema.safeParse(value)
      if (!result.success) throw refusalOf(result.error.issues[0])
      return decode(result.data)
    },
  }
}

/** Reads the body as JSON of that shape; refuses with 400, 408, 413 or 415. */
export const jsonBody = <Body>(
  reader: BodyReader<Body>,
  limits: BodyLimits,
): MiddlewareHandler<BodyEnv<Body>> =>
  async function jsonBody(c, next) {
    c.set('body', reader.read(await readJsonObject(c.req.raw, limits, JSON_TYPES)))
    await next()
  }

/** For operations whose body is not read here. */
export const noBody = <Body>(): MiddlewareHandler<BodyEnv<Body>> =>
  async function noBody(_c, next) {
    await next()
  }

function refusalOf(issue: z.core.$ZodIssue | undefined): GatewayError {
  const { path, message } = issue ? nearest(issue) : { path: [], message: 'Invalid input' }
  return badField(fieldPath(path) || 'the request body', inWords(message))
}

/** Of several forms that a value could have had, the trouble with the one that it came nearest to. */
function nearest(issue: z.core.$ZodIssue): Trouble {
  const forms = issue.code === 'invalid_union' ? issue.errors : []
  const [best] = forms
    .flatMap(([first]) => (first ? [{ ...nearest(first), isSize: isSize(first) }] : []))
    .sort((a, b) => b.path.length - a.path.length || +b.isSize - +a.isSize)
  if (!best || (best.path.length === 0 && !best.isSize)) return issue
  return { path: [...issue.path, ...best.path], message: best.message }
}

/** The type is right then, and the schema has words for what is not. */
const isSize = ({ code, message }: z.core.$ZodIssue): boolean =>
  (code === 'too_big' || code === 'too_small') && !message.startsWith('Too ')

/** What the schemas' library says about types, in our words. */
function inWords(message: string): string {
  const [, expected, received] =
    /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? []
  if (received === 'undefined' || expected === 'nonoptional') return 'is required'
  if (expected) return `must be ${TYPES[expected] ?? expected}`
  const [, bound, amount, what = ''] =
    /^Too \w+: expected \w+ to \w+ ([<>])=?(\d+) ?(.*)$/.exec(message) ?? []
  if (bound) return `${what ? 'must have' : 'must be'} ${BOUNDS[bound]} ${amount} ${what}`.trim()
  return message === 'Invalid input' ? 'has none of the forms that it can have' : message
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

const BOUNDS: Readonly<Record<string, string>> = { '<': 'at most', '>': 'at least' }

interface Trouble {
  readonly path: readonly PropertyKey[]
  readonly message: string
}
