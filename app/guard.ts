import type { Context, MiddlewareHandler } from 'hono'
import type { Permission } from './domain/role.ts'
import type { Dialect } from './errors/dialect.ts'
import { methodNotAllowed } from './errors/gateway-error.ts'
import type { App } from './factory.ts'
import { type AdmissionNeeds, type AdmittedEnv, admission } from './middleware/admission.ts'
import { type BodyReader, jsonBody, noBody } from './middleware/body.ts'
import { type StillAllowedNeeds, stillAllowed } from './middleware/fresh-rights.ts'
import { type GatewayOpenNeeds, gatewayOpen } from './middleware/gateway-open.ts'
import { type IpShieldNeeds, ipShield } from './middleware/ip-shield.ts'
import { type KeyLookupNeeds, keyLookup } from './middleware/key-lookup.ts'
import { type ModelAccessNeeds, modelAccess, noModel } from './middleware/model-access.ts'
import type { BodyLimits } from './middleware/read-body.ts'
import { role } from './middleware/role.ts'
import { speaks } from './middleware/speaks.ts'
import { successorNotice } from './middleware/successor-notice.ts'
import { type TokenBucketNeeds, tokenBucket, type Work } from './middleware/token-bucket.ts'

export interface GuardNeeds
  extends IpShieldNeeds,
    KeyLookupNeeds,
    GatewayOpenNeeds,
    StillAllowedNeeds,
    AdmissionNeeds,
    ModelAccessNeeds,
    TokenBucketNeeds {
  readonly bodyLimits: BodyLimits
}

/** What the guard has to know about an operation. There is no default: each states its own. */
export interface Guarded<Body> {
  /** How the ledger calls it. */
  readonly name: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  /** Below the gateway's base path. */
  readonly paths: readonly string[]
  /** What it takes besides the gateway's own permission; an empty list is a decision. */
  readonly permissions: readonly Permission[]
  /** What is made of a JSON body, or null for a request whose body is not read. */
  readonly body: BodyReader<Body> | null
  /** Where the body names the model that must exist and be allowed, or null when it names none. */
  readonly model: ((body: Body) => string | undefined) | null
  /** What it asks of a model; null for an operation that makes no tokens and counts against no limit. */
  readonly work: Work<Body> | null
}

/** What the guard has to know about the gateway of an operation. */
export interface GuardedGateway {
  readonly name: string
  readonly dialect: Dialect
}

export type GuardEnv<Body> = AdmittedEnv<Body>

/**
 * Mounts a handler behind the chain that every operation has, in the order in which it may refuse:
 * 429 failed too often, 401 nobody we know, 403 not permitted, 503 switched off, 4xx bad body, 404 no
 * such model, 429 over a limit, 503 not accountable. No body is read for a stranger.
 */
export function guarded<Body>(
  app: App,
  needs: GuardNeeds,
  { name: gateway, dialect }: GuardedGateway,
  operation: Guarded<Body>,
  handler: (c: Context<GuardEnv<Body>>) => Promise<Response>,
): void {
  const { method, paths, permissions, body, model } = operation
  const takesAliases = !permissions.includes('models:manage')
  for (const path of paths) {
    // The router asks for GET when it is asked for HEAD.
    const routed = method === 'HEAD' ? 'GET' : method
    app.on(routed, path, speaks(dialect))
    if (method === 'HEAD') app.get(path, headOnly)
    app.on(
      routed,
      path,
      ipShield(needs, keyLookup(needs)),
      successorNotice(),
      role(permissions),
      gatewayOpen(needs, gateway),
      body ? jsonBody(body, needs.bodyLimits) : noBody<Body>(),
      model ? modelAccess<Body>(needs, { gateway, model, takesAliases }) : noModel<Body>(),
      tokenBucket<Body>(needs, { ...operation, gateway }),
      stillAllowed<Body>(needs, { gateway, permissions }),
      admission<Body>(needs, { ...operation, gateway }),
      handler,
    )
  }
}

const headOnly: MiddlewareHandler = async function headOnly(c, next) {
  if (c.req.method === 'HEAD') return await next()
  throw methodNotAllowed(c.req.method, ['HEAD', 'POST'])
}
