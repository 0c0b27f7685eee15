import type { Context, Handler, MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { GatewayError, nothingHere } from '../errors/gateway-error.ts'
import type { App, BaseEnv } from '../factory.ts'
import { type FreshRightsNeeds, freshRights } from '../middleware/fresh-rights.ts'
import { type IpShieldNeeds, ipShield } from '../middleware/ip-shield.ts'
import { readJsonObject } from '../middleware/json-object.ts'
import { type KeyLookupNeeds, keyLookup, type PrincipalEnv } from '../middleware/key-lookup.ts'
import { role } from '../middleware/role.ts'
import { successorNotice } from '../middleware/successor-notice.ts'
import { isPlainPath } from '../request-path.ts'
import type { Transact } from '../services/change.ts'
import { type Call, type Origin, toCall } from './call.ts'
import type { Cursors } from './cursor.ts'
import type { Definition } from './endpoint.ts'
import { createGuards, type GuardsNeeds } from './guards.ts'
import { type IdempotencyNeeds, onceOnly } from './idempotent.ts'
import { parseInput, queryOf } from './input.ts'
import { type RefusalNeeds, refusals } from './refusals.ts'
import type { ApiServices } from './services.ts'

/** No body of our own API is larger, in bytes, or takes longer to arrive, in ms. */
const BODY_LIMITS = { maxBytes: 1024 * 1024, timeoutMs: 10_000 }
/** Only this: a form on another page could send the others without asking the browser. */
const JSON_TYPES = new Set(['application/json'])
const NO_QUERY = z.strictObject({})

/** What the endpoints of our own API work with. */
export interface ApiNeeds
  extends IpShieldNeeds,
    KeyLookupNeeds,
    FreshRightsNeeds,
    RefusalNeeds,
    GuardsNeeds,
    IdempotencyNeeds {
  readonly cursors: Cursors
  /** The use cases; their changes run in that transaction, where one is given. */
  readonly services: (transact?: Transact) => ApiServices
}

/**
 * Mounts an endpoint behind its chain, in the order in which it may refuse: 429 failed too often, 401
 * nobody we know, 403 not permitted, 413, 415, 400 and 422 not what it takes. No body is read for a
 * stranger, except where anybody may call.
 */
export function mountEndpoint<Query, Body, Result, Wire>(
  app: App,
  needs: ApiNeeds,
  definition: Definition<Query, Body, Result, Wire>,
): void {
  const { method, path, access, restrictedKeys } = definition
  const needsAll = access === 'own' && method !== 'GET' && !restrictedKeys
  const known: MiddlewareHandler[] =
    access === 'anybody'
      ? []
      : [
          ipShield(needs, keyLookup(needs)),
          freshRights(needs),
          successorNotice(),
          refusals(needs, definition.name),
          role(access === 'own' ? [] : access),
          ...(needsAll ? [unrestrictedOnly] : []),
        ]
  const handler: Handler<BaseEnv> = async (c) => {
    const input = await readInput(c, definition)
    const call = (transact?: Transact) =>
      toCall(c, input, {
        cursors: needs.cursors,
        origin: originOf(c, needs),
        services: needs.services(transact),
        guards: createGuards(c, needs),
        name: definition.name,
      })
    const key = c.req.header('idempotency-key')
    return definition.creates && key !== undefined
      ? await onceOnly(needs, definition, { key, input, call })
      : await run(definition, call())
  }
  app.on(method, [path], plainPathOnly, ...known, handler)
}

async function run<Query, Body, Result, Wire>(
  definition: Definition<Query, Body, Result, Wire>,
  call: Call<Query, Body>,
): Promise<Response> {
  const result = await definition.handle(call)
  const headers = definition.headers?.(result, call) ?? {}
  const { status, schema } = definition.answer
  if (!schema) return new Response(null, { status, headers })
  return Response.json(definition.view(result, call), { status, headers })
}

async function readInput<Query, Body>(
  c: Context<BaseEnv>,
  { query, body }: Pick<Definition<Query, Body, unknown, unknown>, 'query' | 'body'>,
): Promise<{ query: Query; body: Body }> {
  return {
    query: parseInput((query ?? NO_QUERY) as z.ZodType<Query>, queryOf(c.req.url)),
    body: body
      ? parseInput(body, await readJsonObject(c.req.raw, BODY_LIMITS, JSON_TYPES))
      : (undefined as Body),
  }
}

const originOf = (c: Context<BaseEnv>, { callerAddress }: KeyLookupNeeds): Origin => ({
  address: callerAddress(c.env.peerAddress(), c.req.raw.headers),
  agent: c.req.header('user-agent') ?? null,
  requestId: c.get('requestId'),
})

/** `DELETE /me/sessions/` with an id that was left empty must not be `DELETE /me/sessions`. */
const plainPathOnly: MiddlewareHandler = async (c, next) => {
  if (!isPlainPath(c.req.url)) throw nothingHere()
  await next()
}

/** A key that was made for less must not be a way to more: to another key, or to the password. */
const unrestrictedOnly: MiddlewareHandler<PrincipalEnv> = async (c, next) => {
  if (c.get('principal').isScoped) {
    throw new GatewayError(
      'forbidden',
      'a restricted key can change nothing of its owner; log in, or use an unrestricted key',
    )
  }
  await next()
}
