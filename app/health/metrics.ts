import { methodNotAllowed } from '../errors/gateway-error.ts'
import type { App } from '../factory.ts'
import { type FreshRightsNeeds, freshRights } from '../middleware/fresh-rights.ts'
import { type IpShieldNeeds, ipShield } from '../middleware/ip-shield.ts'
import { type KeyLookupNeeds, keyLookup } from '../middleware/key-lookup.ts'
import { role } from '../middleware/role.ts'

export interface MetricsNeeds extends IpShieldNeeds, KeyLookupNeeds, FreshRightsNeeds {
  readonly metrics: {
    /** All metrics in Prometheus' text format 0.0.4. */
    text(): Promise<string>
  }
}

const HEADERS = {
  'content-type': 'text/plain; version=0.0.4; charset=utf-8',
  'cache-control': 'no-store',
}

/** `/metrics`, for keys with `metrics:read`: it tells which models there are and how busy they are. */
export function mountMetrics(app: App, needs: MetricsNeeds): void {
  app.get(
    '/metrics',
    ipShield(needs, keyLookup(needs)),
    freshRights(needs),
    role(['metrics:read']),
    async (c) => c.body(await needs.metrics.text(), 200, HEADERS),
  )
  app.all('/metrics', (c) => {
    throw methodNotAllowed(c.req.method, ['GET', 'HEAD'])
  })
}
