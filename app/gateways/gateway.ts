import type { Context } from 'hono'
import type { ClientHints, HintOptions } from '../domain/client-hints.ts'
import type { Clock } from '../domain/clock.ts'
import { isPermitted, mayUseModel, type Principal } from '../domain/grant.ts'
import type { ModelAliases } from '../domain/model-aliases.ts'
import type { ModelName } from '../domain/model-name.ts'
import type { Permission } from '../domain/role.ts'
import type { StreamDialect } from '../errors/dialect.ts'
import { methodNotAllowed } from '../errors/gateway-error.ts'
import type { App } from '../factory.ts'
import { type GuardEnv, type Guarded, type GuardNeeds, guarded } from '../guard.ts'
import type { ComputeBudget } from '../limits/compute-budget.ts'
import { speaks } from '../middleware/speaks.ts'
import type { Backend } from '../upstream/backend.ts'
import type { OptionsPolicy } from '../upstream/policy.ts'
import type { BackendPool } from '../upstream/pool.ts'
import type { Ticket } from '../usage/meter.ts'
import type { Relay } from './relay.ts'

/** An API in front of Ollama: where it is, how it speaks, and what it can do. */
export interface Gateway {
  /** As in the permission `gateway:NAME`, in limits and in the ledger; it does not change. */
  readonly name: string
  readonly basePath: string
  readonly dialect: StreamDialect
  /** What can be done through it, in a word each, for those who look for a gateway. */
  readonly features: readonly string[]
  /** How to point programs at it, for people who look for a gateway. */
  readonly hints: (options: HintOptions) => ClientHints
  readonly operations: readonly Operation[]
}

/** What the handlers of operations work with. */
export interface GatewayNeeds extends GuardNeeds {
  readonly clock: Clock
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
  /** The model as the caller calls it, which is how answers call it as well; '' when there is none. */
  readonly askedModel: string
  /** What the model can do, as its host says; null when it does not. */
  readonly capabilities: readonly string[] | null
  readonly dialect: StreamDialect
  /** The gateway's aliases, and its default model. */
  readonly aliases: ModelAliases
  readonly requestId: string
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
  /** False when all it does is to say that there is nothing like it here. */
  readonly isOffered: boolean
  /** How it tells errors where that is not how its gateway does. */
  readonly dialect: StreamDialect | null
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
    isOffered: true,
    dialect: null,
    mount(app, gateway, needs) {
      const required: readonly Permission[] = [`gateway:${gateway.name}`, ...permissions]
      guarded(app, needs, gateway, { ...definition, permissions: required }, async (c) => {
        const { aliases } = await needs.settingsOf(gateway.name)
        const { dialect } = gateway
        return await definition.handle(toCall(c, { required, needs, dialect, aliases }), needs)
      })
    },
  }
}

/** The same operations in a gateway that tells its errors otherwise. */
export const speaking = (
  dialect: StreamDialect,
  operations: readonly Operation[],
): readonly Operation[] => operations.map((op) => ({ ...op, dialect }))

/** Mounts every operation, and answers the other methods of its paths with 405. */
export function mountGateway(app: App, gateway: Gateway, needs: GatewayNeeds): void {
  const known = new Map<string, { dialect: StreamDialect; methods: Set<string> }>()
  for (const op of gateway.operations) {
    const dialect = op.dialect ?? gateway.dialect
    op.mount(app, { ...gateway, dialect }, needs)
    for (const path of op.paths) {
      const { methods } = known.get(path) ?? { methods: new Set() }
      known.set(path, { dialect, methods: methods.add(op.method) })
      if (op.method === 'GET') methods.add('HEAD')
    }
  }
  for (const [path, { dialect, methods }] of known) {
    app.all(path, speaks(dialect), (c) => {
      throw methodNotAllowed(c.req.method, [...methods])
    })
  }
}

interface Surroundings {
  readonly required: readonly Permission[]
  readonly needs: GatewayNeeds
  readonly dialect: StreamDialect
  readonly aliases: ModelAliases
}

function toCall<Body>(
  c: Context<GuardEnv<Body>>,
  { required, needs, dialect, aliases }: Surroundings,
): Call<Body> {
  const principal = c.get('principal')
  const placement = c.get('placement')
  const allowance = c.get('allowance')
  return {
    request: c.req.raw,
    body: c.get('body'),
    principal,
    policy: { ...needs.policyFor(principal), remainingTokens: allowance.predictTokens },
    compute: allowance.compute,
    ticket: c.get('ticket'),
    hosts: placement?.backends ?? needs.pool.backends,
    model: placement?.model.entry.name ?? null,
    askedModel: c.get('askedModel') ?? '',
    capabilities: placement?.model.entry.capabilities ?? null,
    dialect,
    aliases,
    requestId: c.get('requestId'),
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
