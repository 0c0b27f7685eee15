import type { Context } from 'hono'
import { isPermitted, mayUseModel, type Principal } from '../domain/grant.ts'
import type { ModelName } from '../domain/model-name.ts'
import type { Permission } from '../domain/role.ts'
import { methodNotAllowed } from '../errors/gateway-error.ts'
import type { Dialect } from '../errors/render.ts'
import type { App } from '../factory.ts'
import { type GuardEnv, type Guarded, type GuardNeeds, guarded } from '../guard.ts'
import type { ComputeBudget } from '../limits/compute-budget.ts'
import type { Backend } from '../upstream/backend.ts'
import type { OptionsPolicy } from '../upstream/policy.ts'
import type { BackendPool } from '../upstream/pool.ts'
import type { Ticket } from '../usage/meter.ts'
import type { Relay } from './relay.ts'

/** An API in front of Ollama: where it is, how it speaks, and what it can do. */
export interface Gateway {
  readonly name: string
  readonly basePath: string
  readonly dialect: Dialect
  readonly operations: readonly Operation[]
}

/** What the handlers of operations work with. */
export interface GatewayNeeds extends GuardNeeds {
  readonly relay: Relay
  readonly pool: BackendPool
  /** What a caller may ask of a model. */
  readonly policyFor: (principal: Principal) => Omit<OptionsPolicy, 'remainingTokens'>
}

/** An admitted request, as its handler sees it. */
export interface Call<Body> {
  readonly request: Request
  readonly body: Body
  readonly principal: Principal
  readonly policy: OptionsPolicy
  /** How long a host may be busy with it, as the limits of the caller say; null when they don't. */
  readonly compute: ComputeBudget | null
  readonly ticket: Ticket
  /** The hosts that have the model; all hosts when the operation names none. */
  readonly hosts: readonly Backend[]
  /** The model as its host spells it, or null when the operation names none. */
  readonly model: string | null
  /** Whether somebody with these rights may still have the answer. */
  readonly isStillAllowed: (principal: Principal) => boolean
  /** A segment of the path. */
  readonly param: (name: string) => string
}

export interface Definition<Body> extends Guarded<Body> {
  readonly handle: (call: Call<Body>, needs: GatewayNeeds) => Promise<Response>
}

export interface Operation {
  readonly name: string
  readonly method: Definition<unknown>['method']
  readonly paths: readonly string[]
  readonly permissions: readonly Permission[]
  /** Whether a model has to work for it, so that it counts against limits. */
  readonly isWork: boolean
  mount(app: App, gateway: Gateway, needs: GatewayNeeds): void
}

/** Makes an operation: the only way to get a route, and never without the guard. */
export function operation<Body>(definition: Definition<Body>): Operation {
  const { name, method, paths, permissions } = definition
  return {
    name,
    method,
    paths,
    permissions,
    isWork: definition.work !== null,
    mount(app, gateway, needs) {
      const required = [`gateway:${gateway.name}` as Permission, ...permissions]
      guarded(app, needs, gateway.name, { ...definition, permissions: required }, (c) =>
        definition.handle(toCall(c, required, needs), needs),
      )
    },
  }
}

/** Mounts every operation, and answers the other methods of its paths with 405. */
export function mountGateway(app: App, gateway: Gateway, needs: GatewayNeeds): void {
  const methods = new Map<string, Set<string>>()
  for (const op of gateway.operations) {
    op.mount(app, gateway, needs)
    for (const path of op.paths) {
      const known = methods.get(path) ?? new Set()
      methods.set(path, known.add(op.method))
      if (op.method === 'GET') known.add('HEAD')
    }
  }
  for (const [path, allowed] of methods) {
    app.all(path, (c) => {
      throw methodNotAllowed(c.req.method, [...allowed])
    })
  }
}

function toCall<Body>(
  c: Context<GuardEnv<Body>>,
  required: readonly Permission[],
  { pool, policyFor }: GatewayNeeds,
): Call<Body> {
  const principal = c.get('principal')
  const placement = c.get('placement')
  const allowance = c.get('allowance')
  return {
    request: c.req.raw,
    body: c.get('body'),
    principal,
    policy: { ...policyFor(principal), remainingTokens: allowance.predictTokens },
    compute: allowance.compute,
    ticket: c.get('ticket'),
    hosts: placement?.backends ?? pool.backends,
    model: placement?.model.entry.name ?? null,
    isStillAllowed: (now) => covers(now, required, placement?.model ?? null),
    param: (name) => c.req.param(name) ?? '',
  }
}

const covers = (
  principal: Principal,
  required: readonly Permission[],
  model: ModelName | null,
): boolean =>
  required.every((permission) => isPermitted(principal, permission)) &&
  (model === null || mayUseModel(principal, model))
