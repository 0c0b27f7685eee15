import type { Db } from '../../db/client.ts'
import { deleteModelAliases, upsertGateway, upsertModelAliases } from '../../db/queries/gateways.ts'
import { MAX_ALIASES } from '../domain/alias-name.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { type ChangeNeeds, change } from './change.ts'
import { changed } from './changed.ts'
import {
  type ChangesNeeds,
  type CheckedChanges,
  checkedAlias,
  checkedChanges,
  type GatewayChanges,
  requireRemovable,
} from './gateway-changes.ts'
import { type GatewayMetrics, gatewayMetrics } from './gateway-metrics.ts'
import {
  type GatewayView,
  type GatewayViewNeeds,
  type GivenAlias,
  readGateway,
  readGateways,
  requireGateway,
} from './gateway-view.ts'

const DEFAULT_MINUTES = 60

export interface GatewaysNeeds extends ChangeNeeds, ChangesNeeds, GatewayViewNeeds {}

/** An alias and the gateway that knows it. */
export type ListedAlias = GivenAlias & { readonly gateway: string }

/** What can be done to gateways. Errors are GatewayErrors; a name that is no gateway's is not_found. */
export function createGateways(needs: GatewaysNeeds) {
  const { db, places } = needs

  /** One change with all that it is about, and what differs afterwards. */
  async function alter(
    entry: { readonly actor: Actor; readonly action: string; readonly target: string },
    name: string,
    changes: GatewayChanges,
  ): Promise<GatewayView> {
    requireGateway(needs, name)
    const checked = await checkedChanges(needs, changes)
    return await change(needs, entry, async (tx) => {
      const before = await readGateway(tx, needs, name)
      for (const alias of checked.removed) requireRemovable(before, alias)
      await apply(tx, name, checked)
      const after = await readGateway(tx, needs, name)
      if (checked.set.length > 0 && after.aliases.length > MAX_ALIASES) {
        throw new GatewayError('invalid', `a gateway has at most ${MAX_ALIASES} aliases`)
      }
      return { result: after, detail: changed(stateOf(before, checked), stateOf(after, checked)) }
    })
  }

  async function apply(tx: Db, name: string, checked: CheckedChanges): Promise<void> {
    const { enabled, defaultModel, set, removed } = checked
    const now = needs.clock.now()
    if (enabled !== undefined || defaultModel !== undefined) {
      await upsertGateway(tx, {
        name,
        updated_at: now,
        ...(enabled !== undefined && { enabled: enabled === null ? null : Number(enabled) }),
        ...(defaultModel !== undefined && { default_model: defaultModel }),
      })
    }
    await deleteModelAliases(tx, name, removed)
    const times = { created_at: now, updated_at: now }
    await upsertModelAliases(
      tx,
      set.map((alias) => ({ gateway: name, ...alias, ...times })),
    )
  }

  return {
    /** Every gateway, in the order in which they are served. */
    list: (): Promise<GatewayView[]> => readGateways(db, needs),

    info: (name: string): Promise<GatewayView> => readGateway(db, needs, name),

    /** Switches a gateway on or off, for the very next request. */
    toggle: (actor: Actor, name: string, enabled: boolean): Promise<GatewayView> =>
      alter({ actor, action: 'gateway.toggle', target: name }, name, { enabled }),

    /**
     * Changes all of it or nothing. Throws invalid for what can be no alias or no model, or when there is
     * nothing to change; not_found for an alias to remove that is not there, and conflict for one that
     * only the configuration has.
     */
    async configure(actor: Actor, name: string, changes: GatewayChanges): Promise<GatewayView> {
      requireGateway(needs, name)
      const { enabled, defaultModel, setMappings = [], removeMappings = [] } = changes
      const isMore = defaultModel !== undefined || setMappings.length + removeMappings.length > 0
      if (!isMore && enabled === undefined) {
        throw new GatewayError('invalid', 'nothing to change; say what is to be different')
      }
      const action = isMore ? 'gateway.config' : 'gateway.toggle'
      return await alter({ actor, action, target: name }, name, changes)
    },

    /** Makes an alias stand for a model, in place of what it stood for. Throws as `configure` does. */
    async setAlias(actor: Actor, name: string, alias: string, model: string): Promise<GatewayView> {
      const target = `${name}/${checkedAlias(alias)}`
      const changes = { setMappings: [{ alias, model }] }
      return await alter({ actor, action: 'model.alias', target }, name, changes)
    },

    /** Removes an alias; one that the configuration has as well stands for its model there again. */
    async removeAlias(actor: Actor, name: string, alias: string): Promise<GatewayView> {
      const target = `${name}/${checkedAlias(alias)}`
      const changes = { removeMappings: [alias] }
      return await alter({ actor, action: 'model.unalias', target }, name, changes)
    },

    /** The aliases of one gateway, or of all. */
    async listAliases(name?: string): Promise<ListedAlias[]> {
      if (name !== undefined) requireGateway(needs, name)
      return (await readGateways(db, needs))
        .filter((gateway) => name === undefined || gateway.name === name)
        .flatMap((gateway) => gateway.aliases.map((alias) => ({ gateway: gateway.name, ...alias })))
    },

    /** What went through these gateways, or all, in the last minutes; in an hour by default. */
    async metrics(
      names: readonly string[] = places.map(({ name }) => name),
      { minutes = DEFAULT_MINUTES }: { readonly minutes?: number | undefined } = {},
    ): Promise<GatewayMetrics[]> {
      for (const name of names) requireGateway(needs, name)
      return await gatewayMetrics(needs, names, { minutes })
    },
  }
}

/** What the audit log says about a gateway: of its aliases those that the change is about. */
function stateOf(
  { enabled, defaultModel, aliases }: GatewayView,
  { set, removed }: CheckedChanges,
): object {
  const concerned = new Set([...set.map(({ alias }) => alias), ...removed])
  const ours = aliases.filter(({ alias }) => concerned.has(alias))
  const models = Object.fromEntries(ours.map(({ alias, model }) => [alias, model]))
  return { enabled, defaultModel, aliases: models }
}
