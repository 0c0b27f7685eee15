import type { Clock } from '../domain/clock.ts'
import { gatewayState } from '../domain/gateway-state.ts'
import { type Grant, isPermitted } from '../domain/grant.ts'
import type { Permission } from '../domain/role.ts'
import { methodNotAllowed } from '../errors/gateway-error.ts'
import type { App } from '../factory.ts'
import type { GatewaySettingsNeeds } from '../middleware/gateway-open.ts'
import { type KnownCallerNeeds, knownCaller } from '../middleware/known-caller.ts'
import type { GatewayMetrics } from '../services/gateway-metrics.ts'
import type { RecentActivity } from '../services/recent-activity.ts'
import type { Backend } from '../upstream/backend.ts'
import { type BackendHealth, type Health, hostsUp } from '../upstream/health.ts'
import type { BackendPool } from '../upstream/pool.ts'
import type { DescribedGateway } from './discovery-document.ts'

export interface StatusNeeds extends KnownCallerNeeds, GatewaySettingsNeeds {
  readonly clock: Clock
  readonly gateways: readonly DescribedGateway[]
  readonly recentActivity: RecentActivity
  readonly health: Health
  /** Of the hosts whose health that is, in the same order. */
  readonly pool: BackendPool
}

/** Each of these shows the hosts one by one. */
const HOSTS: readonly Permission[] = ['metrics:read', 'backends:manage']

/**
 * `/status`: how the gateways are and what went through them in the last minute, for anybody; the hosts
 * one by one for who may know them, and how many of them are up for the others.
 */
export function mountStatus(app: App, needs: StatusNeeds): void {
  app.get('/status', knownCaller(needs), async (c) => {
    const [activity, hosts, gateways] = await Promise.all([
      needs.recentActivity(),
      needs.health.check(),
      statesOf(needs),
    ])
    const up = hostsUp(hosts)
    const body = {
      timestamp: new Date(needs.clock.now()).toISOString(),
      gateways: Object.fromEntries(
        gateways.map(({ name, enabled }) => [
          name,
          {
            status: gatewayState(enabled, up),
            ...activityView(activity.find(({ gateway }) => gateway === name)),
          },
        ]),
      ),
      backends: maySeeHosts(c.get('caller'))
        ? hosts.map((host, i) => hostView(host, needs.pool.backends[i]))
        : { up, total: hosts.length },
    }
    return c.json(body, 200, { 'cache-control': 'no-store' })
  })
  app.all('/status', (c) => {
    throw methodNotAllowed(c.req.method, ['GET', 'HEAD'])
  })
}

const statesOf = ({ gateways, settingsOf }: StatusNeeds) =>
  Promise.all(
    gateways.map(async ({ name }) => ({ name, enabled: (await settingsOf(name)).enabled })),
  )

const maySeeHosts = (caller: Grant | undefined): boolean =>
  caller !== undefined && HOSTS.some((permission) => isPermitted(caller, permission))

/** Under the names that the predecessor had. */
const activityView = (metrics: GatewayMetrics | undefined) => ({
  latency_ms: metrics?.meanFirstTokenMs ?? metrics?.meanTotalMs ?? null,
  requests_per_second: metrics?.requestsPerSecond ?? 0,
  error_rate: metrics?.requests ? rounded(metrics.failed / metrics.requests) : 0,
  requests: metrics?.requests ?? 0,
  seconds: metrics?.seconds ?? 60,
})

/** What is under way there is what this process has sent. */
const hostView = (
  { name, status, version, models, latencyMs }: BackendHealth,
  backend: Backend | undefined,
) => ({
  name,
  status,
  version,
  models,
  latency_ms: latencyMs,
  in_flight: backend?.inFlight ?? 0,
})

/** To thousandths: more digits tell nobody anything. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000
