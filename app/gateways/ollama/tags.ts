import { mayUseModel } from '../../domain/grant.ts'
import type { InstalledModel } from '../../upstream/inventory.ts'
import type { BackendPool } from '../../upstream/pool.ts'
import { type Call, operation } from '../gateway.ts'
import { publicEntry } from './public-details.ts'

export const tags = operation({
  name: 'tags',
  method: 'GET',
  paths: ['/api/tags', '/v1/tags'],
  permissions: [],
  body: null,
  model: null,
  work: null,
  handle: async (call, { pool }) => {
    const models = await visibleModels(pool, call)
    return Response.json({ models: models.map(({ entry }) => entry) })
  },
})

/** The installed models as the caller may see them, the newest first as Ollama lists them. */
export async function visibleModels(
  pool: BackendPool,
  { principal, policy }: Pick<Call<never>, 'principal' | 'policy'>,
): Promise<InstalledModel[]> {
  const models = (await pool.installed()).filter((model) => mayUseModel(principal, model))
  return models
    .map((model) => (policy.trusted ? model : { ...model, entry: publicEntry(model.entry) }))
    .sort((a, b) => Date.parse(b.entry.modified_at) - Date.parse(a.entry.modified_at))
}
