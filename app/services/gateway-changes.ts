import { ALIAS_FORM, isItself, parseAlias } from '../domain/alias-name.ts'
import type { ModelAlias } from '../domain/model-aliases.ts'
import { type ModelName, parseModelName } from '../domain/model-name.ts'
import { nearest } from '../domain/nearest.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { GatewayView } from './gateway-view.ts'
import { requireInstalled } from './installed.ts'

/** What can be changed about a gateway; what is left out stays. */
export interface GatewayChanges {
  /** Null for what the configuration says. */
  readonly enabled?: boolean | null | undefined
  /** A model in any spelling of its name; '' for none, null for what the configuration says. */
  readonly defaultModel?: string | null | undefined
  readonly setMappings?: readonly ModelAlias[] | undefined
  /** Aliases. */
  readonly removeMappings?: readonly string[] | undefined
}

/** The same as it is stored. */
export interface CheckedChanges {
  readonly enabled: boolean | null | undefined
  readonly defaultModel: string | null | undefined
  readonly set: readonly ModelAlias[]
  readonly removed: readonly string[]
}

export interface ChangesNeeds {
  /** The models on all hosts, by their canonical names; null when that can't be told. */
  readonly installedModels: () => Promise<readonly string[] | null>
}

/** The changes as they are stored. Throws invalid with what is wrong and what is valid. */
export async function checkedChanges(
  { installedModels }: ChangesNeeds,
  { enabled, defaultModel, setMappings = [], removeMappings = [] }: GatewayChanges,
): Promise<CheckedChanges> {
  const named = setMappings.map(({ alias, model }) => ({
    alias: checkedAlias(alias),
    model: checkedModel(model),
  }))
  const removed = removeMappings.map(checkedAlias)
  requireOnce([...named.map(({ alias }) => alias), ...removed])
  const standard = defaultModel ? checkedModel(defaultModel) : null
  const set = named.map(({ alias, model }) => ({ alias, model: model.canonical }))
  for (const alias of set) requireDifferent(alias)
  const models = [...named.map(({ model }) => model), ...(standard ? [standard] : [])]
  // Hosts know nothing of models that run elsewhere; whether they may be used is asked when they are.
  const local = models.filter(({ cloud }) => !cloud)
  const installed = local.length > 0 ? await installedModels() : null
  for (const { canonical } of local) requireInstalled(canonical, installed)
  return { enabled, defaultModel: standard?.canonical ?? defaultModel, set, removed }
}

/**
 * Throws not_found for an alias that the gateway does not have, and conflict for one that is not an
 * administrator's to remove.
 */
export function requireRemovable({ name, aliases }: GatewayView, alias: string): void {
  const found = aliases.find((given) => given.alias === alias)
  if (found?.origin === 'administrator') return
  if (found) {
    throw new GatewayError(
      'conflict',
      `the alias ${alias} stands in the configuration, under gateways.${name}.model_mappings; remove it there`,
    )
  }
  const guess = nearest(
    alias,
    aliases.map((given) => given.alias),
  )
  throw new GatewayError(
    'not_found',
    `the gateway ${name} has no alias "${alias}"${guess ? `, did you mean ${guess}?` : ''}`,
  )
}

/** An alias as it is stored. Throws invalid. */
export function checkedAlias(text: string): string {
  const alias = parseAlias(text)
  if (alias !== null) return alias
  throw new GatewayError('invalid', `"${text.slice(0, 200)}" is no alias; one has ${ALIAS_FORM}`)
}

function checkedModel(text: string): ModelName {
  const name = parseModelName(text)
  if (name) return name
  throw new GatewayError(
    'invalid',
    `"${text.slice(0, 200)}" is no name of a model; give one such as llama3.2:3b`,
  )
}

function requireOnce(aliases: readonly string[]): void {
  const twice = aliases.find((alias, i) => aliases.indexOf(alias) < i)
  if (twice === undefined) return
  throw new GatewayError('invalid', `the alias ${twice} is given twice`)
}

function requireDifferent(alias: ModelAlias): void {
  if (!isItself(alias)) return
  throw new GatewayError(
    'invalid',
    `${alias.alias} is the model ${alias.model} itself; an alias is another name`,
  )
}
