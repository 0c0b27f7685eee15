import { showRequest } from '../../domain/model-requests.ts'
import { operation } from '../gateway.ts'

/** Present but empty for those who don't manage models: they tell the host's paths and the hidden prompt. */
const REDACTED = { modelfile: '', template: '', parameters: '', license: '', system: '' }
/** Answers to this client carry the name that it asked for, as Ollama's own do. */
const COPILOT = 'GitHubCopilotChat/'

export const show = operation({
  name: 'show',
  method: 'POST',
  paths: ['/api/show', '/v1/show'],
  permissions: [],
  body: showRequest,
  model: (body) => body.model ?? body.name ?? '',
  promptBytes: null,
  handle: async (call, { relay }) => {
    const { policy, body, model } = call
    const verbose = policy.trusted && body.verbose === true
    const answer = await relay.send(call, {
      method: 'POST',
      endpoint: '/api/show',
      body: JSON.stringify({ model, verbose }),
    })
    const shown = (await answer.json()) as Record<string, unknown>
    if (call.request.headers.get('user-agent')?.startsWith(COPILOT)) {
      shown.model_info = {
        ...(shown.model_info as object),
        'general.basename': body.model ?? body.name,
      }
    }
    if (policy.trusted) return Response.json(shown)
    const { messages: _, tensors: __, projector_info: ___, ...rest } = shown
    return Response.json({ ...rest, ...redacted(rest) })
  },
})

/** Only what is there is emptied, so that the answer keeps its shape. */
const redacted = (shown: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(REDACTED).filter(([field]) => field in shown))
