import { methodNotAllowed } from '../errors/gateway-error.ts'
import type { App } from '../factory.ts'
import type { ApiNeeds } from './chain.ts'
import { ENDPOINTS } from './endpoints.ts'

/** Mounts our own API: `/auth`, `/me` and `/admin`; other methods of its paths are a 405. */
export function mountApi(app: App, needs: ApiNeeds): void {
  for (const endpoint of ENDPOINTS) endpoint.mount(app, needs)
  const paths = [...new Set(ENDPOINTS.map(({ path }) => path))]
  // Of two that fit, the one with fewer parameters is the one that is meant.
  for (const path of paths.sort((a, b) => a.split(':').length - b.split(':').length)) {
    const methods = ENDPOINTS.filter((other) => covers(other.path, path)).map((e) => e.method)
    const allowed = new Set(methods.flatMap((m) => (m === 'GET' ? ['GET', 'HEAD'] : [m])))
    app.all(path, (c) => {
      throw methodNotAllowed(c.req.method, [...allowed])
    })
  }
}

/** Whether every address of that path is one of the other as well, as `/keys/inspect` is of `/keys/:id`. */
function covers(other: string, path: string): boolean {
  const [theirs, segments] = [other.split('/'), path.split('/')]
  const fits = (segment: string, i: number) => segment.startsWith(':') || segment === segments[i]
  return theirs.length === segments.length && theirs.every(fits)
}
