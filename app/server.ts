import type { Context } from 'hono'
import { mountApi } from './api/api.ts'
import type { ApiNeeds } from './api/chain.ts'
import { type JwksNeeds, mountJwks } from './api/jwks.ts'
import { type GatewayError, nothingHere, toGatewayError } from './errors/gateway-error.ts'
import { ollamaDialect } from './errors/ollama.ts'
import { problemDialect } from './errors/problem.ts'
import { renderError } from './errors/render.ts'
import { type App, type BaseEnv, createApp } from './factory.ts'
import { type Gateway, type GatewayNeeds, mountGateway } from './gateways/gateway.ts'
import { BANNER, type DiscoveryNeeds, mountDiscovery } from './health/discovery.ts'
import { type HealthNeeds, mountHealth } from './health/health.ts'
import { type MetricsNeeds, mountMetrics } from './health/metrics.ts'
import { mountStatus, type StatusNeeds } from './health/status.ts'
import { type AccessLogNeeds, accessLog } from './middleware/access-log.ts'
import { crossOrigin } from './middleware/cross-origin.ts'
import { hostGuard } from './middleware/host-guard.ts'
import { type RequestIdNeeds, requestId } from './middleware/request-id.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { routePath } from './request-path.ts'
import { type DocsNeeds, mountDocs } from './ui/docs.ts'

export interface ServerNeeds
  extends GatewayNeeds,
    ApiNeeds,
    JwksNeeds,
    DocsNeeds,
    DiscoveryNeeds,
    StatusNeeds,
    HealthNeeds,
    MetricsNeeds,
    AccessLogNeeds,
    RequestIdNeeds {
  /** The APIs in front of Ollama. */
  readonly gateways: readonly Gateway[]
  /** Whether Ollama's API is also served at `/api/*` and `/v1/*`. */
  readonly rootAliases: boolean
  /** The origins of web pages that may call. */
  readonly corsOrigins: readonly string[]
}

/** Takes a request and what is known about its socket. */
export type Handler = (
  request: Request,
  socket: BaseEnv['Bindings'],
) => Response | Promise<Response>

/** The gateway that is also served at the root, if at all. */
const ALIASED = 'ollama'

/** The whole URL space, behind the check that a request names one place in it. */
export function createServer(needs: ServerNeeds): Handler {
  const { own, gateways } = createRouters(needs)
  return (request, socket) => {
    const malformed = hostGuard(request)
    if (malformed) return refuseMalformed(malformed, needs)
    const app = gatewayAt(routePath(request.url), needs) ? gateways : own
    return app.fetch(request, socket)
  }
}

/**
 * All routes. The gateways have a router to themselves: some paths of our own API differ only in
 * whether a segment is fixed, and the fast router of the library takes no such paths.
 */
export function createRouters(needs: ServerNeeds): { own: App; gateways: App } {
  const own = createSurface(needs)
  mountDiscovery(own, needs)
  mountStatus(own, needs)
  mountHealth(own, needs)
  mountMetrics(own, needs)
  mountApi(own, needs)
  mountJwks(own, needs)
  mountDocs(own, needs)

  const gateways = createSurface(needs)
  for (const gateway of needs.gateways) {
    const routes = createApp()
    mountGateway(routes, gateway, needs)
    gateways.route(gateway.basePath, routes)
    if (gateway.name === ALIASED) {
      gateways.get(gateway.basePath, (c) => c.text(BANNER))
      if (needs.rootAliases) gateways.route('/', routes)
    }
  }

  return { own, gateways }
}

/** A router with what every request goes through, and an answer for each error. */
function createSurface(needs: ServerNeeds): App {
  const app = createApp()
  app.use(requestId(needs), accessLog(needs), securityHeaders())
  if (needs.corsOrigins.length > 0) app.use(crossOrigin(needs.corsOrigins))
  const answer = (err: unknown, c: Context<BaseEnv>): Response => {
    const dialect = c.get('dialect') ?? gatewayAt(c.req.path, needs)?.dialect ?? problemDialect
    return renderError(toGatewayError(err), dialect, c.get('requestId'))
  }
  app.notFound((c) => answer(nothingHere(), c))
  app.onError(answer)
  return app
}

/** The gateway that a path belongs to, whether or not there is anything at it. */
function gatewayAt(
  path: string,
  { gateways, rootAliases }: Pick<ServerNeeds, 'gateways' | 'rootAliases'>,
): Gateway | undefined {
  const isAlias = rootAliases && /^\/(api|v1)\//.test(path)
  return gateways.find(({ name, basePath }) =>
    isAlias ? name === ALIASED : path === basePath || path.startsWith(`${basePath}/`),
  )
}

/** Before any route: the URL of such a request can't be trusted to name one. */
function refuseMalformed(err: GatewayError, { log, newId }: ServerNeeds): Response {
  const request_id = newId()
  log.info({ request_id, reason: err.code, status: err.status }, 'request refused')
  return renderError(err, ollamaDialect, request_id)
}
