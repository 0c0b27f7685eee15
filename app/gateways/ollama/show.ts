import { showRequest } from '../../domain/model-requests.ts'
import { bodyOf } from '../../middleware/body.ts'
import { rewriting } from '../encoder.ts'
import { type Call, operation } from '../gateway.ts'
import { givenName } from './managing.ts'
import { publicDetails } from './public-details.ts'

/** What everybody may see of a model; the rest tells the host's paths and the hidden prompt. */
const PUBLIC = ['model_info', 'capabilities', 'modified_at', 'requires']
/** There for all, but empty: clients expect them. */
const EMPTIED = ['license', 'modelfile', 'parameters', 'system', 'template']
/** Answers to this client carry the name that it asked for, as Ollama's own do. */
const COPILOT = 'GitHubCopilotChat/'

type Shown = Readonly<Record<string, unknown>>

export const show = operation({
  name: 'show',
  method: 'POST',
  paths: ['/api/show', '/v1/show'],
  permissions: [],
  body: bodyOf(showRequest),
  model: givenName,
  work: null,
  handle: (call, { relay }) => {
    const { policy, model } = call
    const verbose = policy.trusted && call.body.verbose === true
    const body = JSON.stringify({ model, verbose })
    const rewrite = (shown: Shown): Shown => {
      const visible = policy.trusted ? shown : redacted(shown)
      return isCopilot(call) ? withName(visible, givenName(call.body)) : visible
    }
    return relay.send(
      call,
      { method: 'POST', endpoint: '/api/show', body },
      { encoder: rewriting(rewrite) },
    )
  },
})

function redacted(shown: Shown): Shown {
  const kept = PUBLIC.filter((field) => field in shown).map((field) => [field, shown[field]])
  const emptied = EMPTIED.filter((field) => field in shown).map((field) => [field, ''])
  return { ...Object.fromEntries([...emptied, ...kept]), details: publicDetails(shown.details) }
}

const isCopilot = ({ request }: Call<unknown>): boolean =>
  request.headers.get('user-agent')?.startsWith(COPILOT) ?? false

const withName = (shown: Shown, name: string): Shown => ({
  ...shown,
  model_info: { ...(shown.model_info as object), 'general.basename': name },
})
