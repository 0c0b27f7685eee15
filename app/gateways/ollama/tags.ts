import type { Principal } from '../../domain/grant.ts'
import { mayUseModel } from '../../domain/grant.ts'
import type { InstalledModel } from '../../upstream/inventory.ts'
import type { BackendPool } from '../../upstream/pool.ts'
import { operation } from '../gateway.ts'

export const tags = operation({
  name: 'tags',
  method: 'GET',
  paths: ['/api/tags', '/v1/tags'],
  permissions: [],
  body: null,
  model: null,
  promptBytes: null,
  handle: async ({ principal }, { pool }) => {
    const models = await visibleModels(pool, principal)
    return Response.json({ models: models.map(({ entry }) => entry) })
  },
})

/** The installed models that the caller may use, the newest first as Ollama lists them. */
export async function visibleModels(
  pool: BackendPool,
  principal: Principal,
): Promise<InstalledModel[]> {
  const models = (await pool.installed()).filter((model) => mayUseModel(principal, model))
  return models.sort((a, b) => Date.parse(b.entry.modified_at) - Date.parse(a.entry.modified_at))
}
