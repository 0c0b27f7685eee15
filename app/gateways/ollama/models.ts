import type { InstalledModel } from '../../upstream/inventory.ts'
import { operation } from '../gateway.ts'
import { visibleModels } from './tags.ts'

/** One list for two kinds of readers: OpenAI's clients read `data`, native ones read `models`. */
export const models = operation({
  name: 'models',
  method: 'GET',
  paths: ['/v1/models'],
  permissions: [],
  body: null,
  model: null,
  work: null,
  handle: async (call, { pool }) => {
    const visible = await visibleModels(pool, call)
    return Response.json({
      object: 'list',
      data: visible.map(toOpenAiModel),
      models: visible.map(({ entry }) => entry),
    })
  },
})

function toOpenAiModel({ canonical, entry }: InstalledModel) {
  const owner = canonical.includes('/') ? canonical.split('/').at(-2) : 'library'
  const created = Math.floor(Date.parse(entry.modified_at) / 1000) || 0
  return { id: entry.name, object: 'model', created, owned_by: owner }
}
