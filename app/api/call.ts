import type { Context } from 'hono'
import type { Principal } from '../domain/grant.ts'
import { nothingHere } from '../errors/gateway-error.ts'
import type { BaseEnv } from '../factory.ts'
import type { PrincipalEnv } from '../middleware/key-lookup.ts'
import type { Actor } from '../services/actor.ts'
import type { Page } from '../services/page.ts'
import type { Cursors, PageQuery, PageRequest } from './cursor.ts'
import type { Guards } from './guards.ts'
import { isText } from './input.ts'
import type { ApiServices } from './services.ts'

/** No name of anything in a path is longer, in UTF-16 units. */
const MAX_PARAM = 256

/** Where a request comes from, for records. */
export interface Origin {
  readonly address: string | null
  readonly agent: string | null
  readonly requestId: string
}

/** A request to an endpoint, as its handler sees it. */
export interface Call<Query, Body> {
  readonly request: Request
  readonly query: Query
  readonly body: Body
  readonly services: ApiServices
  readonly from: Origin
  readonly guards: Guards
  /** Who calls. Throws where anybody may. */
  readonly principal: Principal
  /** The same for the audit log, with from where. */
  readonly actor: Actor
  /** A parameter of the path. Throws not_found for a text that can't name anything. */
  readonly param: (name: string) => string
  /** One page of a list, as it is sent. Throws invalid for a cursor that is not of this list. */
  page<Row, Item>(
    fetch: (page: PageRequest) => Promise<Page<Row>>,
    view: (row: Row) => Item,
  ): Promise<{ data: Item[]; next_cursor: string | null }>
}

export interface CallNeeds {
  readonly cursors: Cursors
  readonly origin: Origin
  readonly services: ApiServices
  readonly guards: Guards
  /** The name of the endpoint. */
  readonly name: string
}

/** Puts together what the handler gets. */
export function toCall<Query, Body>(
  c: Context<BaseEnv>,
  { query, body }: { readonly query: Query; readonly body: Body },
  { cursors, origin, services, guards, name }: CallNeeds,
): Call<Query, Body> {
  const principal = (): Principal => {
    const known: Principal | undefined = (c as unknown as Context<PrincipalEnv>).get('principal')
    if (known) return known
    throw new Error(`nobody is known in ${name}`)
  }
  return {
    request: c.req.raw,
    query,
    body,
    services,
    from: origin,
    guards,
    get principal() {
      return principal()
    },
    get actor() {
      const who = principal()
      const { address, requestId } = origin
      return { name: `user:${who.username}`, address, requestId, principal: who }
    },
    param(parameter) {
      const value = c.req.param(parameter) ?? ''
      if (value.length <= MAX_PARAM && isText(value)) return value
      throw nothingHere()
    },
    async page(fetch, view) {
      const { cursor, limit, ...filter } = (query ?? {}) as PageQuery & Record<string, unknown>
      const scope = JSON.stringify([c.req.path, principal().userId, filter])
      const { rows, next } = await fetch(cursors.read(scope, { cursor, limit }))
      return { data: rows.map(view), next_cursor: cursors.next(scope, next) }
    },
  }
}
