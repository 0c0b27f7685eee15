import type { Context } from 'hono'
import { mountApi } from './api/api.ts'
import type { ApiNeeds } from './api/chain.ts'
import { type JwksNeeds, mountJwks } from './api/jwks.ts'
import { type GatewayError, nothingHere, toGatewayError } from './errors/gateway-error.ts'
import { type Dialect, renderError } from './errors/render.ts'
import { type App, type BaseEnv, createApp } from './factory.ts'
import { type GatewayNeeds, mountGateway } from './gateways/gateway.ts'
import { GATEWAYS } from './gateways/registry.ts'
import { type HealthNeeds, mountHealth } from './health/health.ts'
import { type MetricsNeeds, mountMetrics } from './health/metrics.ts'
import { type AccessLogNeeds, accessLog } from './middleware/access-log.ts'
import { crossOrigin } from './middleware/cross-origin.ts'
import { hostGuard } from './middleware/host-guard.ts'
import { type RequestIdNeeds, requestId } from './middleware/request-id.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { type DocsNeeds, mountDocs } from './ui/docs.ts'

export interface ServerNeeds
  extends GatewayNeeds,
    ApiNeeds,
    JwksNeeds,
    DocsNeeds,
    HealthNeeds,
    MetricsNeeds,
    AccessLogNeeds,
    RequestIdNeeds {
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

const BANNER = 'Ollama is running'

/** The whole URL space. */
export function createServer(needs: ServerNeeds): Handler {
  const app = createApp()
  app.use(requestId(needs), accessLog(needs), securityHeaders())
  if (needs.corsOrigins.length > 0) app.use(crossOrigin(needs.corsOrigins))
  mountHealth(app, needs)
  mountMetrics(app, needs)
  mountApi(app, needs)
  mountJwks(app, needs)
  mountDocs(app, needs)

  for (const gateway of GATEWAYS) {
    const routes = createApp()
    mountGateway(routes, gateway, needs)
    app.route(gateway.basePath, routes)
    if (gateway.name === 'ollama') {
      app.get(gateway.basePath, (c) => c.text(BANNER))
      if (needs.rootAliases) app.route('/', routes)
      if (needs.rootAliases) app.get('/', (c) => c.text(BANNER))
    }
  }

  answerErrors(app, needs.rootAliases)
  return (request, socket) => {
    const malformed = hostGuard(request)
    if (malformed) return refuseMalformed(malformed, needs)
    return app.fetch(request, socket)
  }
}

/** Before any route: the URL of such a request can't be trusted to name one. */
function refuseMalformed(err: GatewayError, { log, newId }: ServerNeeds): Response {
  const request_id = newId()
  log.info({ request_id, reason: err.code, status: err.status }, 'request refused')
  return renderError(err, 'ollama', request_id)
}

function answerErrors(app: App, rootAliases: boolean): void {
  const dialectOf = (path: string): Dialect => {
    const gateway = GATEWAYS.find(
      ({ basePath }) => path === basePath || path.startsWith(`${basePath}/`),
    )
    if (gateway) return gateway.dialect
    return rootAliases && /^\/(api|v1)\//.test(path) ? 'ollama' : 'problem'
  }
  const answer = (err: unknown, c: Context<BaseEnv>): Response =>
    renderError(toGatewayError(err), dialectOf(c.req.path), c.get('requestId'))
  app.notFound((c) => answer(nothingHere(), c))
  app.onError(answer)
}
