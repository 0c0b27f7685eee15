import type { ListedModel } from '../../domain/native.ts'
import { type Call, operation } from '../gateway.ts'
import { type VisibleModel, visibleModels } from '../visible-models.ts'
import { publicEntry } from './public-details.ts'

export const tags = operation<never>({
  name: 'tags',
  method: 'GET',
  paths: ['/api/tags', '/v1/tags'],
  permissions: [],
  body: null,
  model: null,
  work: null,
  handle: async (call, needs) => {
    const visible = await visibleModels(needs, call)
    return Response.json({ models: visible.map((model) => toListed(model, call)) })
  },
})

/** A model as Ollama lists it, as the caller may see it; an alias looks like a model of its own. */
export function toListed(
  { name, entry }: VisibleModel,
  { policy }: Pick<Call<never>, 'policy'>,
): ListedModel {
  const listed = policy.trusted ? entry : publicEntry(entry)
  return name === entry.name ? listed : { ...listed, name, model: name }
}
