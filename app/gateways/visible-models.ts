import { mayUseModel } from '../domain/grant.ts'
import { parseModelName } from '../domain/model-name.ts'
import { firstUsable, modelNotFound } from '../middleware/model-access.ts'
import type { InstalledModel } from '../upstream/inventory.ts'
import type { BackendPool } from '../upstream/pool.ts'
import type { Call, GatewayNeeds } from './gateway.ts'

/** A model under a name by which the caller can ask for it. */
export interface VisibleModel extends InstalledModel {
  /** Its own name, as its host spells it, or an alias. */
  readonly name: string
}

/**
 * The models that the caller may use, the newest first as Ollama lists them, and after them the aliases
 * that stand for one of these.
 */
export async function visibleModels(
  { pool }: { readonly pool: BackendPool },
  { principal, aliases }: Pick<Call<never>, 'principal' | 'aliases'>,
): Promise<VisibleModel[]> {
  const models = (await pool.installed())
    .filter((model) => mayUseModel(principal, model))
    .map((model) => ({ ...model, name: model.entry.name }))
    .sort((a, b) => Date.parse(b.entry.modified_at) - Date.parse(a.entry.modified_at))
  const byName = new Map(models.map((model) => [model.canonical, model]))
  const others = aliases.named.flatMap(({ alias, model }) => {
    const found = byName.get(parseModelName(model)?.canonical ?? '')
    return found ? [{ ...found, name: alias }] : []
  })
  const shadowed = new Set(others.map(({ name }) => parseModelName(name)?.canonical))
  return [...models.filter(({ canonical }) => !shadowed.has(canonical)), ...others]
}

/** The model that a name would be answered by, which need not be in the list. Throws model_not_found. */
export async function visibleModel(
  needs: Pick<GatewayNeeds, 'locate'>,
  { principal, aliases }: Pick<Call<never>, 'principal' | 'aliases'>,
  asked: string,
): Promise<VisibleModel> {
  const placement = await firstUsable(needs, principal, aliases.candidates(asked))
  if (!placement) throw modelNotFound(asked)
  return { ...placement.model, name: asked }
}
