import { hostModels } from './host-models.ts'
import type { Config } from './settings.ts'

/** The canonical names of all models on the configured hosts; null when one of them can't be asked. */
export async function installedModels(
  config: Pick<Config, 'ollamaUrls'>,
): Promise<readonly string[] | null> {
  const names = new Set<string>()
  for (const { models } of await hostModels(config)) {
    if (models === null) return null
    for (const { canonical } of models) names.add(canonical)
  }
  return [...names].sort()
}
