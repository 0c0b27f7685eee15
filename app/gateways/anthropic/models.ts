import { modelNotFound } from '../../middleware/model-access.ts'
import { operation } from '../gateway.ts'
import { findVisible, type VisibleModel, visibleModels } from '../visible-models.ts'
import { pageOf } from './page.ts'

/** The models that the caller may use, the newest first, a page at a time. */
export const listModels = operation<never>({
  name: 'list-models',
  method: 'GET',
  paths: ['/v1/models'],
  permissions: [],
  body: null,
  model: null,
  work: null,
  handle: async (call, needs) => {
    const models = (await visibleModels(needs, call)).map(toAnthropicModel)
    return Response.json(pageOf(models, new URL(call.request.url).searchParams))
  },
})

/** One of them. Names have slashes in them, as they are or as `%2F`. */
export const getModel = operation<never>({
  name: 'get-model',
  method: 'GET',
  paths: ['/v1/models/:id{.+}'],
  permissions: [],
  body: null,
  model: null,
  work: null,
  handle: async (call, needs) => {
    const asked = call.param('id')
    const found = findVisible(await visibleModels(needs, call), asked, call)
    if (!found) throw modelNotFound(asked)
    return Response.json(toAnthropicModel(found))
  },
})

const toAnthropicModel = ({ name, entry }: VisibleModel) => ({
  type: 'model',
  id: name,
  display_name: name,
  // What is not known is given as the epoch, as Anthropic does.
  created_at: new Date(Date.parse(entry.modified_at) || 0).toISOString(),
})
