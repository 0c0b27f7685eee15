import { createModelAliases, type ModelAlias, type ModelAliases } from './model-aliases.ts'

/** What administrators have decided about a gateway. */
export interface GatewaySettings {
  readonly enabled: boolean
  readonly aliases: ModelAliases
}

/** What was decided about a gateway in one place: in the configuration, or by an administrator since. */
export interface GatewayDecisions {
  /** Null where nothing was decided. */
  readonly enabled: boolean | null
  /** The canonical name of a model, or '' for none; null where nothing was decided. */
  readonly defaultModel: string | null
  readonly aliases: readonly ModelAlias[]
}

/** Nothing was decided. */
export const UNDECIDED: GatewayDecisions = { enabled: null, defaultModel: null, aliases: [] }

/** What holds where later decisions go before earlier ones: alias by alias, and in everything else. */
export function combined(earlier: GatewayDecisions, later: GatewayDecisions): GatewayDecisions {
  const aliases = [...earlier.aliases, ...later.aliases]
  return {
    enabled: later.enabled ?? earlier.enabled,
    defaultModel: later.defaultModel ?? earlier.defaultModel,
    aliases: [...new Map(aliases.map((alias) => [alias.alias, alias])).values()],
  }
}

/** What decisions come to: a gateway is on and has no default model unless somebody has said otherwise. */
export const toGatewaySettings = (decisions: GatewayDecisions): GatewaySettings => ({
  enabled: decisions.enabled ?? true,
  aliases: createModelAliases(decisions.aliases, decisions.defaultModel || null),
})
