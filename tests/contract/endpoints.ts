import type { Access } from '../../app/api/endpoint.ts'
import { ENDPOINTS } from '../../app/api/endpoints.ts'
import type { Permission } from '../../app/domain/role.ts'
import { VALID, type ValidRequest } from './endpoint-requests.ts'
import type { Caller, EndpointWorld } from './endpoint-world.ts'

/** An endpoint of our own API with what a good request to it looks like. */
export interface EndpointCase {
  readonly name: string
  readonly method: string
  /** With parameters as `:name`. */
  readonly form: string
  readonly access: Access
  /** Everything that it takes to be let in. */
  readonly permissions: readonly Permission[]
  /** The status of success. */
  readonly status: number
  readonly takesBody: boolean
  readonly takesQuery: boolean
  /** A request that succeeds for that caller, if they have the permissions. */
  request(world: EndpointWorld, caller: Caller): Promise<EndpointRequest>
}

export interface EndpointRequest {
  readonly method: string
  /** With its parameters filled in, and the query. */
  readonly path: string
  readonly body: Readonly<Record<string, unknown>> | null
}

/** Every endpoint. Throws when one has no valid request. */
export const CASES: readonly EndpointCase[] = ENDPOINTS.map((endpoint) => {
  const { name, method, path: form, access, answer, body, query } = endpoint
  const make = VALID[name]
  if (!make) throw new Error(`add a valid request for the endpoint ${name}`)
  return {
    name,
    method,
    form,
    access,
    permissions: typeof access === 'string' ? [] : access,
    status: answer.status,
    takesBody: body !== null,
    takesQuery: query !== null,
    async request(world, caller) {
      const valid = await make(world, caller)
      const path = form.replace(/:(\w+)/g, (_, parameter) => parameterOf(valid, parameter))
      const search = new URLSearchParams(valid.query).toString()
      return { method, path: search ? `${path}?${search}` : path, body: valid.body ?? null }
    },
  }
})

/** As rows of a table of tests. */
export const NAMED_CASES = CASES.map((endpoint): [string, EndpointCase] => [
  `${endpoint.method} ${endpoint.form}`,
  endpoint,
])

function parameterOf({ parameters }: ValidRequest, name: string): string {
  const value = parameters?.[name]
  if (value === undefined) throw new Error(`add a value for the parameter ${name}`)
  return encodeURIComponent(value)
}
