import { operation } from '../gateway.ts'
import { type VisibleModel, visibleModels } from '../visible-models.ts'
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

/** A model as Anthropic lists it. What hosts don't tell of theirs is null, as much is at Anthropic. */
export const toAnthropicModel = ({ name, entry }: VisibleModel) => ({
  type: 'model' as const,
  id: name,
  display_name: name,
  // What is not known is given as the epoch, as Anthropic does.
  created_at: new Date(Date.parse(entry.modified_at) || 0).toISOString(),
  lifecycle: 'active' as const,
  deprecated_at: null,
  retires_at: null,
  line: null,
  capabilities: null,
  allowed_fallback_models: null,
  max_input_tokens: contextTokens(entry.details),
  max_tokens: null,
})

/** How much the model can read at once, where its host says it. */
function contextTokens(details: unknown): number | null {
  const { context_length } = Object(details) as { readonly context_length?: unknown }
  return Number.isSafeInteger(context_length) && Number(context_length) > 0
    ? Number(context_length)
    : null
}
