import type { MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import { foldKey } from '../domain/strict-json.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { readJsonObject } from './json-object.ts'
import type { PrincipalEnv } from './key-lookup.ts'
import type { BodyLimits } from './read-body.ts'

export interface BodyEnv<Body> extends PrincipalEnv {
  Variables: PrincipalEnv['Variables'] & { body: Body }
}

/** A schema of the fields that are known; all others are dropped. */
export type BodySchema<Body> = z.ZodType<Body> & {
  readonly shape: Readonly<Record<string, unknown>>
}

/** `application/json`, and what curl says when it is told nothing: Ollama's own examples use both. */
const JSON_TYPES = new Set(['application/json', 'application/x-www-form-urlencoded', ''])

/** Reads the body as JSON of that shape; refuses with 400, 408, 413 or 415. */
export const jsonBody = <Body>(
  schema: BodySchema<Body>,
  limits: BodyLimits,
): MiddlewareHandler<BodyEnv<Body>> => {
  const known = Object.keys(schema.shape)
  return async function jsonBody(c, next) {
    const value = await readJsonObject(c.req.raw, limits, JSON_TYPES)
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
