import { CHAT, MODEL } from '../support/gateway/stage.ts'

/** An empty file's digest. */
const DIGEST = new Bun.CryptoHasher('sha256').update('').digest('hex')

/** A good request for an operation: what is refused in the tests is refused for its sender. */
export interface ValidRequest {
  /** Sent as JSON; none is sent without it. */
  readonly body?: object
  /** Values of the path's parameters. */
  readonly parameters?: Readonly<Record<string, string>>
  /** What it is answered with; 200 when left out. */
  readonly status?: number
}

type ValidRequests = Readonly<Record<string, ValidRequest>>

const NATIVE: ValidRequests = {
  'POST chat': { body: { ...CHAT, stream: false } },
  'POST generate': { body: { model: MODEL, prompt: 'hi' } },
  'POST embed': { body: { model: MODEL, input: 'hi' } },
  'POST embeddings': { body: { model: MODEL, prompt: 'hi' } },
  'GET tags': {},
  'GET models': {},
  'GET ps': {},
  'GET version': {},
  'POST show': { body: { model: MODEL } },
  'POST pull': { body: { model: MODEL } },
  'POST push': { body: { model: MODEL } },
  'POST create': { body: { model: 'mine', from: MODEL } },
  'POST copy': { body: { source: MODEL, destination: 'copy' } },
  'DELETE delete': { body: { model: MODEL } },
  'POST blobs': { parameters: { digest: `sha256:${DIGEST}` }, status: 201 },
  'HEAD blobs': { parameters: { digest: `sha256:${DIGEST}` }, status: 404 },
}

const OPENAI: ValidRequests = {
  'POST chat-completion': { body: { ...CHAT } },
  'POST completion': { body: { model: MODEL, prompt: 'hi' } },
  'POST embedding': { body: { model: MODEL, input: 'hi' } },
  'POST response': { body: { model: MODEL, input: 'hi' } },
  'GET get-model': { parameters: { id: MODEL } },
  'POST moderations': { status: 501 },
  'POST edits': { status: 501 },
  'POST images': { status: 501 },
  'POST audio': { status: 501 },
  'GET kept-response': { parameters: { id: 'resp_1' }, status: 404 },
  'DELETE kept-response': { parameters: { id: 'resp_1' }, status: 404 },
  'POST cancel-response': { parameters: { id: 'resp_1' }, status: 404 },
  'GET input-items': { parameters: { id: 'resp_1' }, status: 404 },
}

const ANTHROPIC: ValidRequests = {
  'POST message': { body: { ...CHAT, max_tokens: 16 } },
  'POST count-tokens': { body: { ...CHAT } },
  'POST batches': { status: 501 },
  'GET batches': { parameters: { id: 'msgbatch_1' }, status: 501 },
}

const LISTS: ValidRequests = {
  'GET list-models': {},
  'GET get-model': { parameters: { id: MODEL } },
}

/** One for each operation of each gateway. */
export const VALID: ValidRequests = {
  ...through('ollama', NATIVE, OPENAI, ANTHROPIC),
  ...through('openai', OPENAI, LISTS),
  ...through('anthropic', ANTHROPIC, LISTS),
}

function through(gateway: string, ...requests: readonly ValidRequests[]): ValidRequests {
  const all = Object.assign({}, ...requests) as ValidRequests
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [`${gateway} ${name}`, one]))
}
