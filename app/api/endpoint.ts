import type { z } from 'zod'
import type { Permission } from '../domain/role.ts'
import type { App } from '../factory.ts'
import type { Call } from './call.ts'
import { type ApiNeeds, mountEndpoint } from './chain.ts'

/** Who may call: anybody, whoever is known, or who has all of these permissions. */
export type Access = 'anybody' | 'own' | readonly Permission[]

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What an endpoint takes and gives. There is no default for what decides who gets in. */
export interface Definition<Query, Body, Result, Wire> {
  /** Unique, as noun and verb: the operation in the OpenAPI document and in the audit log. */
  readonly name: string
  readonly summary: string
  readonly method: Method
  /** Whole, with parameters as `:name`. */
  readonly path: string
  readonly access: Access
  /**
   * Where everybody may call for themselves, keys that are restricted to less than their owner may do
   * can only read, unless this says that they may call as well.
   */
  readonly restrictedKeys?: true
  /** The parameters behind the `?`; any other is refused. */
  readonly query?: z.ZodType<Query>
  /** The fields of a JSON body; any other is refused. */
  readonly body?: z.ZodType<Body>
  /** The status of success and the body's schema; null for an answer without one. */
  readonly answer: { readonly status: 200 | 201 | 204; readonly schema: z.ZodType<Wire> | null }
  /**
   * Whether it makes something, so that an `Idempotency-Key` keeps it from being made twice. Then
   * `handle` resolves with the result of the one change that it makes, as the service gives it.
   */
  readonly creates?: true
  readonly handle: (call: Call<Query, Body>) => Promise<Result>
  /** The result as it is sent. */
  readonly view: (result: Result, call: Call<Query, Body>) => Wire
  /** Headers of the answer, where it has some of its own. */
  readonly headers?: (result: Result, call: Call<Query, Body>) => Readonly<Record<string, string>>
}

/** An endpoint, whatever it takes and gives. */
export interface Endpoint {
  readonly name: string
  readonly summary: string
  readonly method: Method
  readonly path: string
  readonly access: Access
  readonly query: z.ZodType | null
  readonly body: z.ZodType | null
  readonly answer: { readonly status: number; readonly schema: z.ZodType | null }
  readonly creates: boolean
  mount(app: App, needs: ApiNeeds): void
}

/** Makes an endpoint: the only way to a route of our own API, and never without its chain. */
export function endpoint<Query = unknown, Body = unknown, Result = unknown, Wire = unknown>(
  definition: Definition<Query, Body, Result, Wire>,
): Endpoint {
  const { name, summary, method, path, access, query, body, answer, creates } = definition
  return {
    name,
    summary,
    method,
    path,
    access,
    query: query ?? null,
    body: body ?? null,
    answer,
    creates: creates ?? false,
    mount: (app, needs) => mountEndpoint(app, needs, definition),
  }
}
