import { operation } from '../gateway.ts'
import { toOpenAiModel } from '../openai/models.ts'
import { visibleModels } from '../visible-models.ts'
import { toListed } from './tags.ts'

/** One list for two kinds of readers: OpenAI's clients read `data`, native ones read `models`. */
export const models = operation<never>({
  name: 'models',
  method: 'GET',
  paths: ['/v1/models'],
  permissions: [],
  body: null,
  model: null,
  work: null,
  handle: async (call, needs) => {
    const visible = await visibleModels(needs, call)
    return Response.json({
      object: 'list',
      data: visible.map(toOpenAiModel),
      models: visible.map((model) => toListed(model, call)),
    })
  },
})
