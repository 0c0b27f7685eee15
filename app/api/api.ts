import { methodNotAllowed } from '../errors/gateway-error.ts'
import type { App } from '../factory.ts'
import type { ApiNeeds } from './chain.ts'
import { ENDPOINTS } from './endpoints.ts'

/** Mounts our own API: `/auth`, `/me` and `/admin`; other methods of its paths are a 405. */
export function mountApi(app: App, needs: ApiNeeds): void {
  const methods = new Map<string, Set<string>>()
  for (const endpoint of ENDPOINTS) {
    endpoint.mount(app, needs)
    const known = methods.get(endpoint.path) ?? new Set()
    methods.set(endpoint.path, known.add(endpoint.method))
    if (endpoint.method === 'GET') known.add('HEAD')
  }
  for (const [path, allowed] of methods) {
    app.all(path, (c) => {
      throw methodNotAllowed(c.req.method, [...allowed])
    })
  }
}
