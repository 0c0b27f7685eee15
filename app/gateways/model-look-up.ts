import { type Operation, operation } from './gateway.ts'
import { type VisibleModel, visibleModel } from './visible-models.ts'

/** One model by its name, as `view` tells it. Names have slashes in them, as they are or as `%2F`. */
export const modelLookUp = (view: (model: VisibleModel) => object): Operation =>
  operation<never>({
    name: 'get-model',
    method: 'GET',
    paths: ['/v1/models/:id{.+}'],
    permissions: [],
    body: null,
    model: null,
    work: null,
    handle: async (call, needs) =>
      Response.json(view(await visibleModel(needs, call, call.param('id')))),
  })
