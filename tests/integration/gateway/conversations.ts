import fc from 'fast-check'
import {
  chatChunk,
  chatDone,
  generateChunk,
  generateDone,
  toolCall,
} from '../../support/fake-ollama/records.ts'
import {
  hang,
  headers,
  type Script,
  type StreamOptions,
  stream,
} from '../../support/fake-ollama/script.ts'
import { MODEL } from '../../support/gateway/stage.ts'

/** One request to some API, what the model says, and when its caller has enough. */
export interface Conversation {
  readonly api: keyof typeof APIS
  readonly streamed: boolean
  readonly text: string
  /** What is said token by token; each ends with a `MARK`, by which readers count them. */
  readonly said: readonly string[]
  readonly thinks: boolean
  readonly calls: boolean
  /** How dense the prompt is. */
  readonly bytesPerToken: number
  /** What the model made and nobody sees, such as the end of the answer. */
  readonly unseenTokens: number
  readonly chunking: NonNullable<StreamOptions['chunking']>
  /** How many tokens are on their way when the caller leaves; null for one who stays. */
  readonly unread: number | null
}

/** Ends each token; nothing else that is sent has it. */
export const MARK = '¶'

const TOOLS = {
  tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
}
const ANTHROPIC_TOOLS = { tools: [{ name: 'f', input_schema: { type: 'object' } }] }
const chat = (content: string) => ({ messages: [{ role: 'user', content }] })

interface Api {
  readonly path: string
  /** Where it ends up at Ollama. */
  readonly endpoint: '/api/chat' | '/api/generate'
  readonly body: (text: string, calls: boolean) => object
}

/** All ways to have a model say something. */
export const APIS = {
  chat: {
    path: '/ollama/api/chat',
    endpoint: '/api/chat',
    body: (text, calls) => ({ ...chat(text), ...(calls && TOOLS) }),
  },
  generate: {
    path: '/ollama/api/generate',
    endpoint: '/api/generate',
    body: (prompt) => ({ prompt }),
  },
  'chat completion': {
    path: '/openai/v1/chat/completions',
    endpoint: '/api/chat',
    body: (text, calls) => ({ ...chat(text), ...(calls && TOOLS) }),
  },
  completion: {
    path: '/openai/v1/completions',
    endpoint: '/api/generate',
    body: (prompt) => ({ prompt }),
  },
  response: {
    path: '/openai/v1/responses',
    endpoint: '/api/chat',
    body: (input, calls) => ({
      input,
      ...(calls && { tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }] }),
    }),
  },
  message: {
    path: '/anthropic/v1/messages',
    endpoint: '/api/chat',
    body: (text, calls) => ({ ...chat(text), max_tokens: 999, ...(calls && ANTHROPIC_TOOLS) }),
  },
} as const satisfies Record<string, Api>

const TEMPLATE_TOKENS = 10
const TOOL_BYTES = 80
/** Prompts that nobody has counted are estimated: of longer ones the error would be larger. */
const MAX_TEXT_BYTES = 200

const anyText = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.toWellFormed()),
  fc.constantFrom('Grüße', '日本語のテキスト', '🦙🦙🦙', '"\\\n\u2028</script>&'),
)
const text = anyText.filter((text) => Buffer.byteLength(text) <= MAX_TEXT_BYTES)
const said = text.map((text) => text.replaceAll(MARK, '').slice(0, 12).toWellFormed() + MARK)

/** Any of them. */
export const conversation: fc.Arbitrary<Conversation> = fc.record({
  api: fc.constantFrom(...(Object.keys(APIS) as (keyof typeof APIS)[])),
  streamed: fc.boolean(),
  text,
  said: fc.array(said, { maxLength: 120, size: 'max' }),
  thinks: fc.boolean(),
  calls: fc.boolean(),
  bytesPerToken: fc.double({ min: 2.5, max: 4.5, noNaN: true }),
  unseenTokens: fc.integer({ min: 1, max: 500 }),
  chunking: fc.constantFrom<Conversation['chunking'][]>('record', 'together', 7, 100),
  unread: fc.option(fc.integer({ min: 0, max: 32 }), { freq: 2 }),
})

/** What Ollama does when it is asked for the answer. */
export function scriptOf(conversation: Conversation): Script {
  const { api, streamed, said, chunking, unread } = conversation
  const { chunk, done }: Writer = WRITERS[APIS[api].endpoint]
  if (unread !== null)
    return streamed
      ? [
          stream(
            said.map((one) => chunk(one)),
            { chunking },
          ),
          hang(),
        ]
      : hang()
  if (streamed)
    return stream([...said.map((one) => chunk(one)), done('', conversation)], { chunking })
  const type = { 'Content-Type': 'application/json; charset=utf-8' }
  return [headers(200, type), stream([done(said.join(''), conversation)], { chunking })]
}

/** How many tokens the model finds in the prompt, with what its template puts around it. */
export const promptTokensOf = ({ text, calls, bytesPerToken }: Conversation): number =>
  TEMPLATE_TOKENS + Math.ceil((Buffer.byteLength(text) + (calls ? TOOL_BYTES : 0)) / bytesPerToken)

const metricsOf = (conversation: Conversation) => ({
  promptTokens: promptTokensOf(conversation),
  tokens: conversation.said.length + conversation.unseenTokens,
})

interface Writer {
  readonly chunk: (said: string) => object
  readonly done: (said: string, conversation: Conversation) => object
}

const WRITERS: Readonly<Record<Api['endpoint'], Writer>> = {
  '/api/chat': {
    chunk: (content) => chatChunk(MODEL, content),
    done: (content, conversation) =>
      chatDone(MODEL, metricsOf(conversation), {
        content,
        ...(conversation.thinks && { thinking: 'Let me think.' }),
        ...(conversation.calls && { tool_calls: [toolCall(0, 'f', { text: conversation.text })] }),
      }),
  },
  '/api/generate': {
    chunk: (response) => generateChunk(MODEL, response),
    done: (response, conversation) => generateDone(MODEL, metricsOf(conversation), response),
  },
}
