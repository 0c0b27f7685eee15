import { afterAll, describe, expect, test } from 'bun:test'
import { MODEL, setStage } from '../support/gateway/stage.ts'

const stage = await setStage()
const as = await stage.gateway.user({ roles: ['premium'] })
afterAll(() => stage[Symbol.asyncDispose]())

const USER = { role: 'user', content: 'hi' }
const TOOL = { type: 'function', function: { name: 'f' } }

/** Which field is refused of which body, and a part of what is said about it. */
type Row = readonly [field: string, body: object, text: string]

const chat = (body: object) => ({ model: MODEL, messages: [USER], ...body })
const says = (content: unknown) => chat({ messages: [USER, { role: 'user', content }] })
const calls = (text: unknown) =>
  chat({
    messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: text } }] }],
  })

const CHATS: readonly Row[] = [
  ['model', { messages: [USER] }, 'must name a model'],
  ['model', chat({ model: 7 }), 'must be a text'],
  ['messages', { model: MODEL }, 'is required'],
  ['messages', chat({ messages: [] }), 'at least one message'],
  ['messages', chat({ messages: null }), 'must be a list'],
  ['messages', chat({ messages: 'hi' }), 'must be a list'],
  ['messages[0]', chat({ messages: ['hi'] }), 'must be an object'],
  ['messages[0].role', chat({ messages: [{ content: 'hi' }] }), 'must be one of system'],
  ['messages[0].role', chat({ messages: [{ ...USER, role: 'king' }] }), 'must be one of system'],
  ['messages[1].content', says(7), 'must be a text or a list of parts'],
  ['messages[1].content', says(true), 'must be a text or a list of parts'],
  ['messages[1].content', says({ type: 'text', text: 'hi' }), 'must be a text or a list of parts'],
  ['messages[1].content', says(null), 'must be a text or a list of parts'],
  ['messages[0].content', chat({ messages: [{ role: 'assistant' }] }), 'must be there'],
  ['messages[1].content[0].type', says([{ text: 'hi' }]), 'is required'],
  ['messages[1].content[0].type', says([{ type: 'video' }]), 'must be text, image_url'],
  ['messages[1].content[0].type', says([{ type: 'file', file: {} }]), 'must be text, image_url'],
  ['messages[1].content[0].text', says([{ type: 'text' }]), 'must be a text'],
  ['messages[1].content[0].image_url', says([{ type: 'image_url' }]), 'must have a url'],
  ['messages[1].content[0].input_audio', says([{ type: 'input_audio' }]), 'must have data'],
  [
    'messages[1].content[0].input_audio.data',
    says([{ type: 'input_audio', input_audio: { data: '%', format: 'wav' } }]),
    'is not valid base64',
  ],
  ...['{"a":', '[1]', '7', '{"a":1,"a":2}'].map(
    (text): Row => [
      'messages[0].tool_calls[0].function.arguments',
      calls(text),
      'must be a JSON object',
    ],
  ),
  ['messages[0].tool_calls[0].function.arguments', calls({}), 'must be a text'],
  ['reasoning_effort', chat({ reasoning_effort: 'extreme' }), 'must be one of none, minimal'],
  ['reasoning.effort', chat({ reasoning: { effort: 7 } }), 'must be one of none, minimal'],
  ['response_format.type', chat({ response_format: { type: 'grammar' } }), 'must be text'],
  [
    'response_format.json_schema',
    chat({ response_format: { type: 'json_schema' } }),
    'must be there for json_schema',
  ],
  ['tools[1].type', chat({ tools: [TOOL, { type: 'web_search' }] }), 'must be "function"'],
  ['tools[0].function.name', chat({ tools: [{ ...TOOL, function: {} }] }), 'is required'],
  ['tools', chat({ tools: Array(257).fill(TOOL) }), 'at most 256 tools'],
  ['tool_choice', chat({ tool_choice: 'perhaps' }), 'must be none, auto or required'],
  ['tool_choice', chat({ tool_choice: 'required' }), 'none were given'],
  ['stream', chat({ stream: 'yes' }), 'must be true or false'],
  ['stream_options.include_usage', chat({ stream_options: { include_usage: 1 } }), 'true or false'],
  ['n', chat({ n: 2 }), 'only one answer'],
  ['logit_bias', chat({ logit_bias: { 50256: -100 } }), 'can not be biased'],
  ['top_logprobs', chat({ logprobs: true, top_logprobs: 21 }), 'between 0 and 20'],
  ['moderation', chat({ moderation: { model: 'm' } }), 'nothing is moderated'],
  ['modalities', chat({ modalities: ['audio'] }), 'only text'],
  ['audio', chat({ audio: { voice: 'alloy', format: 'wav' } }), 'only text'],
  ['functions', chat({ functions: [{ name: 'f' }] }), 'as tools'],
  ['function_call', chat({ function_call: { name: 'f' } }), 'tool_choice'],
  ['web_search_options', chat({ web_search_options: {} }), 'not searched'],
]

const SAMPLING: readonly Row[] = [
  ['temperature', { temperature: 'hot' }, 'must be a number'],
  ['temperature', { temperature: 1e300 }, 'must be a number, at most 4294967296'],
  ['top_p', { top_p: [1] }, 'must be a number'],
  ['frequency_penalty', { frequency_penalty: '1' }, 'must be a number'],
  ['presence_penalty', { presence_penalty: {} }, 'must be a number'],
  ['seed', { seed: 1.5 }, 'must be a whole number'],
  ['seed', { seed: 2 ** 40 }, 'at most 4294967296'],
  ['stop[1]', { stop: ['a', 7] }, 'must be a text'],
  ['stop', { stop: Array(33).fill('x') }, 'at most 32 stop texts'],
  ['max_tokens', { max_tokens: 0 }, 'must be at least 1'],
  ['max_tokens', { max_tokens: '9' }, 'must be a number'],
  ['max_completion_tokens', { max_completion_tokens: 1.5 }, 'must be a whole number'],
  ['options', { options: [] }, 'must be an object'],
  ['options.num_ctx', { options: { num_ctx: 'all' } }, 'must be a whole number'],
  ['think', { think: 'deeply' }, 'must be true, false, low'],
]

const prompt = (body: object) => ({ model: MODEL, prompt: 'hi', ...body })

const COMPLETIONS: readonly Row[] = [
  ['model', { prompt: 'hi' }, 'must name a model'],
  ['prompt', { model: MODEL }, 'must be one text'],
  ['prompt', prompt({ prompt: '' }), 'must not be empty'],
  ['prompt', prompt({ prompt: ['a', 'b'] }), 'must be one text'],
  ['prompt', prompt({ prompt: [1, 2, 3] }), 'must be one text'],
  ['prompt', prompt({ prompt: [] }), 'must be one text'],
  ['suffix', prompt({ suffix: 7 }), 'must be a text'],
  ['logprobs', prompt({ logprobs: 21 }), 'between 0 and 20'],
  ['n', prompt({ n: 2 }), 'only one answer'],
  ['best_of', prompt({ best_of: 3 }), 'only one answer'],
  ['echo', prompt({ echo: true }), 'not sent back'],
  ['logit_bias', prompt({ logit_bias: { 1: 1 } }), 'can not be biased'],
  ['stream', prompt({ stream: 1 }), 'must be true or false'],
]

const embed = (body: object) => ({ model: MODEL, input: 'hi', ...body })

const EMBEDDINGS: readonly Row[] = [
  ['model', { input: 'hi' }, 'must name a model'],
  ['input', { model: MODEL }, 'must be a text or a list of texts'],
  ['input', embed({ input: null }), 'must be a text or a list of texts'],
  ['input', embed({ input: [] }), 'must not be empty'],
  ['input', embed({ input: 7 }), 'must be a text or a list of texts'],
  ['input[0]', embed({ input: [1, 2, 3] }), 'lists of tokens can not be read'],
  ['input[0]', embed({ input: [[1, 2], [3]] }), 'lists of tokens can not be read'],
  ['input[1]', embed({ input: ['a', 7] }), 'must be a text or a list of texts'],
  ['encoding_format', embed({ encoding_format: 'hex' }), 'must be float or base64'],
  ['encoding_format', embed({ encoding_format: 7 }), 'must be a text'],
  ['dimensions', embed({ dimensions: 0 }), 'must be at least 1'],
  ['dimensions', embed({ dimensions: 'many' }), 'must be a number'],
]

const respond = (body: object) => ({ model: MODEL, input: 'hi', ...body })
const item = (...items: unknown[]) => respond({ input: items })

const RESPONSES: readonly Row[] = [
  ['model', { input: 'hi' }, 'must name a model'],
  ['input', { model: MODEL }, 'must be a text or a list of items'],
  ['input', item(), 'at least one item'],
  ['input[0].type', item({ type: 'spell' }), 'must be one of message'],
  ['input[1].type', item(USER, {}), 'must be one of message'],
  ['input[0].type', item({ id: 'msg_1' }), 'nothing is kept here'],
  ['input[0].role', item({ ...USER, role: 'king' }), 'must be one of user'],
  ['input[0].content', item({ role: 'user' }), 'must be a text or a list of parts'],
  ['input[0].content[0].type', item({ ...USER, content: [{ type: 'input_file' }] }), 'files'],
  [
    'input[0].content[0].type',
    item({ ...USER, content: [{ type: 'text' }] }),
    'must be input_text',
  ],
  ['input[0].call_id', item({ type: 'function_call', name: 'f' }), 'must'],
  [
    'input[0].arguments',
    item({ type: 'function_call', call_id: 'c', name: 'f', arguments: '[' }),
    'must be a JSON object',
  ],
  ['previous_response_id', respond({ previous_response_id: 'resp_1' }), 'nothing is kept here'],
  ['conversation', respond({ conversation: 'conv_1' }), 'nothing is kept here'],
  ['background', respond({ background: true }), 'nothing runs in the background'],
  ['prompt', respond({ prompt: { id: 'pmpt_1' } }), 'no prompts are kept'],
  ['tools[0].type', respond({ tools: [{ type: 'web_search' }] }), 'no tools of the type'],
  ['reasoning.effort', respond({ reasoning: { effort: 'extreme' } }), 'must be one of none'],
  ['tool_choice', respond({ tool_choice: 'required' }), 'none were given'],
  ['text.format.type', respond({ text: { format: { type: 'grammar' } } }), 'must be text'],
  ['text.format.schema', respond({ text: { format: { type: 'json_schema' } } }), 'must be there'],
  ['max_output_tokens', respond({ max_output_tokens: 0 }), 'must be at least 1'],
  ['temperature', respond({ temperature: 'hot' }), 'must be a number'],
  ['truncation', respond({ truncation: 'some' }), 'must be auto or disabled'],
]

describe.each([
  ['/chat/completions', [...CHATS, ...SAMPLING.map(([f, b, t]): Row => [f, chat(b), t])]],
  ['/completions', [...COMPLETIONS, ...SAMPLING.map(([f, b, t]): Row => [f, prompt(b), t])]],
  ['/embeddings', EMBEDDINGS],
  ['/responses', RESPONSES],
])('/openai/v1%s', (path, rows) => {
  test.each(rows.map(([field, body, text]) => [field, text, body] as const))(
    'refuses a bad %s as OpenAI does: %s',
    async (field, text, body) => {
      const response = await stage.post(`/openai/v1${path}`, body, { as })
      const answer = await response.json()
      expect([response.status, answer]).toEqual([
        400,
        {
          error: {
            message: expect.stringContaining(`${field}: `),
            type: 'invalid_request_error',
            param: field,
            code: 'bad_request',
          },
        },
      ])
      expect(answer).toHaveProperty('error.message', expect.stringContaining(text))
      expect(stage.asked()).toEqual([])
    },
  )
})
