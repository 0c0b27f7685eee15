import type { Permission } from '../../app/domain/role.ts'
import type { StreamDialect } from '../../app/errors/dialect.ts'
import type { Gateway } from '../../app/gateways/gateway.ts'
import { GATEWAYS } from '../../app/gateways/registry.ts'
import { VALID, type ValidRequest } from './valid-requests.ts'

/** One address and method of one operation. */
export interface Route {
  readonly gateway: string
  readonly method: string
  /** With its parameters filled in. */
  readonly path: string
  /** Everything that it takes to be let in. */
  readonly permissions: readonly Permission[]
  /** The whole body of a good request, or null when it needs none. */
  readonly body: string | null
  /** What a good request is answered with. */
  readonly status: number
  /** How it tells errors. */
  readonly dialect: StreamDialect
}

/** Every route of those gateways. Throws when one has no valid request. */
export const routesOf = (
  gateways: readonly Gateway[],
  requests: Readonly<Record<string, ValidRequest>>,
): readonly Route[] =>
  gateways.flatMap(({ name, basePath, operations, dialect }) =>
    operations.flatMap((operation) => {
      const { method, paths, permissions } = operation
      const valid = requests[`${name} ${method} ${operation.name}`]
      if (!valid) throw new Error(`add a valid request for ${name} ${method} ${operation.name}`)
      return paths.map((path) => ({
        gateway: name,
        method,
        path:
          basePath +
          path.replace(/:(\w+)(\{.*?\})?/g, (_, parameter) => parameterOf(valid, parameter)),
        permissions: [`gateway:${name}` as const, ...permissions],
        body: valid.body ? JSON.stringify(valid.body) : null,
        status: valid.status ?? 200,
        dialect: operation.dialect ?? dialect,
      }))
    }),
  )

/** Every route of every gateway. */
export const ROUTES = routesOf(GATEWAYS, VALID)

/** The same, each with its name, for tables of tests. */
export const named = (routes: readonly Route[]): [string, Route][] =>
  routes.map((route) => [`${route.method} ${route.path}`, route])

function parameterOf({ parameters }: ValidRequest, name: string): string {
  const value = parameters?.[name]
  if (value === undefined) throw new Error(`add a value for the parameter ${name}`)
  return value
}
