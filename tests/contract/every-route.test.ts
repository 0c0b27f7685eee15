import { expect, test } from 'bun:test'
import { ENDPOINTS } from '../../app/api/endpoints.ts'
import type { App } from '../../app/factory.ts'
import { GATEWAYS } from '../../app/gateways/registry.ts'
import { createRouters } from '../../app/server.ts'
import { testNeeds } from '../unit/support/test-server.ts'

/** What has no declaration: anybody may read it, but for the metrics, which have tests of their own. */
const UNDECLARED = [
  ...['/livez', '/readyz', '/metrics', '/.well-known/jwks.json', '/ollama', '/', '/status'],
  ...['/openapi.json', '/docs', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css'],
  '/docs/start.js',
].map((path) => `GET ${path}`)

const ENDPOINT_ROUTES = ENDPOINTS.map(({ method, path }) => `${method} ${path}`)

/** The router asks for GET when it is asked for HEAD. */
const GATEWAY_ROUTES = GATEWAYS.flatMap(({ basePath, operations, name }) =>
  operations.flatMap(({ method, paths }) =>
    [basePath, ...(name === 'ollama' ? [''] : [])].flatMap((base) =>
      paths.map((path) => `${method === 'HEAD' ? 'GET' : method} ${base}${path}`),
    ),
  ),
)

/** All that a router answers but with a refusal of the method. */
const routesOf = (router: App): string[] =>
  router.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`)

test('every route there is has a declaration, with who may call it, or is known to be open', () => {
  const { own, gateways } = createRouters(testNeeds({ rootAliases: true }))
  const known = new Set([...UNDECLARED, ...ENDPOINT_ROUTES, ...GATEWAY_ROUTES])
  const found = new Set([...routesOf(own), ...routesOf(gateways)])
  expect([...found].filter((route) => !known.has(route))).toEqual([])
  expect([...known].filter((route) => !found.has(route))).toEqual([])
})

test('no two endpoints have one name or one address', () => {
  expect(new Set(ENDPOINT_ROUTES).size).toBe(ENDPOINTS.length)
  expect(new Set(ENDPOINTS.map(({ name }) => name)).size).toBe(ENDPOINTS.length)
})

test('what anybody may call is the way in, and nothing else', () => {
  const open = ENDPOINTS.filter(({ access }) => access === 'anybody').map(({ path }) => path)
  expect(open).toEqual(['/auth/login', '/auth/token', '/auth/logout', '/auth/register'])
})
