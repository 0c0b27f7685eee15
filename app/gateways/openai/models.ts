import { operation } from '../gateway.ts'
import { type VisibleModel, visibleModels } from '../visible-models.ts'

/** The models that the caller may use, the newest first. */
export const listModels = operation<never>({
  name: 'list-models',
  method: 'GET',
  paths: ['/v1/models'],
  permissions: [],
  body: null,
  model: null,
  work: null,
  handle: async (call, needs) => {
    const visible = await visibleModels(needs, call)
    return Response.json({ object: 'list', data: visible.map(toOpenAiModel) })
  },
})

/** A model as OpenAI lists it: it belongs to its namespace. */
export function toOpenAiModel({ name, canonical, entry }: VisibleModel) {
  const owner = canonical.includes('/') ? canonical.split('/').at(-2) : 'library'
  const created = Math.floor(Date.parse(entry.modified_at) / 1000) || 0
  return { id: name, object: 'model', created, owned_by: owner }
}
