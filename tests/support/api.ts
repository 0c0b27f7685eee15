import { expect } from 'bun:test'
import type { Endpoint } from '../../app/api/endpoint.ts'
import { ENDPOINTS } from '../../app/api/endpoints.ts'
import { problemSchema } from '../../app/api/openapi.ts'
import type { TestUser } from './gateway/people.ts'
import type { Stage } from './gateway/stage.ts'

export interface Calling {
  /** Who calls, with their key; default the stage's user, `null` nobody. */
  readonly as?: Pick<TestUser, 'key'> | null | undefined
  /** Sent as JSON. */
  readonly body?: object | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  /** Empty for an answer without a body. */
  readonly body: Readonly<Record<string, unknown>>
  /** What a list has on this page. */
  readonly data: readonly Readonly<Record<string, unknown>>[]
  readonly requestId: string
}

/**
 * Calls an endpoint of our own API over HTTP. The answer is what the endpoint declares, no field more
 * or less, or else problem details; anything else fails the test.
 */
export async function callApi(
  { gateway, user }: Pick<Stage, 'gateway' | 'user'>,
  method: string,
  path: string,
  { as = user, body, headers }: Calling = {},
): Promise<ApiAnswer> {
  const endpoint = endpointAt(method, path)
  const res = await fetch(gateway.url + path, {
    method,
    headers: {
      ...(as && { authorization: `Bearer ${as.key}` }),
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await res.text()
  const given = text === '' ? {} : (JSON.parse(text) as ApiAnswer['body'])
  if (res.status < 400) checkDeclared(endpoint, res, text === '' ? null : given)
  else checkProblem(res, given)
  return {
    status: res.status,
    headers: res.headers,
    body: given,
    data: (given.data ?? []) as ApiAnswer['data'],
    requestId: res.headers.get('x-request-id') ?? '',
  }
}

function endpointAt(method: string, path: string): Endpoint {
  const segments = (path.split('?')[0] ?? '').split('/')
  const found = ENDPOINTS.filter((endpoint) => {
    const own = endpoint.path.split('/')
    return (
      endpoint.method === method &&
      own.length === segments.length &&
      own.every((segment, i) => segment.startsWith(':') || segment === segments[i])
    )
  })
  const [endpoint] = found.sort((a, b) => a.path.split(':').length - b.path.split(':').length)
  if (endpoint) return endpoint
  throw new Error(`there is no endpoint ${method} ${path}`)
}

/** What the schema does not know it leaves out: then the two differ. */
function checkDeclared({ answer }: Endpoint, res: Response, body: object | null): void {
  expect(res.status).toBe(answer.status)
  expect(res.headers.get('cache-control')).toBe('no-store')
  if (!answer.schema) expect(body).toBeNull()
  else expect(answer.schema.parse(body)).toEqual(body)
}

/** What nobody foresaw is no answer to anything. */
function checkProblem(res: Response, body: ApiAnswer['body']): void {
  expect(res.headers.get('content-type')).toBe('application/problem+json')
  const { status, request_id } = problemSchema.parse(body)
  expect([status, request_id]).toEqual([res.status, res.headers.get('x-request-id') ?? ''])
  expect(status).not.toBe(500)
}

/** The newest entry of the audit log with that action; an administrator reads it. */
export async function newestEntry(
  stage: Pick<Stage, 'gateway' | 'user'>,
  as: TestUser,
  action: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { data } = await callApi(stage, 'GET', `/admin/audit?limit=1&action=${action}`, { as })
  return data[0] ?? {}
}
