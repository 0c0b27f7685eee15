import { describe, expect, test } from 'bun:test'
import { chatCompletionRequest, toChat } from '../../../../app/gateways/openai/chat-request.ts'
import { bodyOf } from '../../../../app/middleware/body.ts'
import { refusal } from '../../support/told.ts'

const reader = bodyOf(chatCompletionRequest, toChat)
const USER = { role: 'user', content: 'hi' }
const read = (change: object = {}) => reader.read({ model: 'm', messages: [USER], ...change })
const refused = (change: object) => refusal(() => read(change))

const FUNCTION = { name: 'f', description: 'does', parameters: { type: 'object' } }
const TOOL = { type: 'function', function: FUNCTION }
const named = (name: string) => ({ type: 'function', function: { name } })

describe('refused with the path of its field is', () => {
  const user = (content: unknown) => ({ messages: [USER, { role: 'user', content }] })
  const call = (text: unknown) => ({
    messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: text } }] }],
  })
  test.each([
    ['messages', { messages: [] }, 'at least one message'],
    ['messages', { messages: undefined }, 'is required'],
    ['messages', { messages: Array(2001).fill(USER) }, 'at most 2000 messages'],
    ['messages[0].role', { messages: [{ role: 'king', content: 'x' }] }, 'must be one of system'],
    [
      'messages[0].content',
      { messages: [{ role: 'user', content: null }] },
      'must be a text or a list of parts',
    ],
    ['messages[0].content', { messages: [{ role: 'assistant' }] }, 'must be there'],
    ['messages[1].content', user(7), 'must be a text or a list of parts'],
    ['messages[1].content[0].type', user([{ type: 'video' }]), 'must be text, image_url'],
    ['messages[1].content[0].type', user([{ type: 'file', file: {} }]), 'must be text'],
    ['messages[1].content[0].text', user([{ type: 'text' }]), 'must be a text'],
    ['messages[1].content[0].text', user([{ type: 'text', text: 7 }]), 'must be a text'],
    ['messages[1].content[0].image_url', user([{ type: 'image_url' }]), 'must have a url'],
    [
      'messages[1].content[0].image_url.url',
      user([{ type: 'image_url', image_url: { url: 'https://example.org/cat.png' } }]),
      'images are not fetched',
    ],
    [
      'messages[1].content[0].image_url.url',
      user([{ type: 'image_url', image_url: { url: 'data:image/svg+xml;base64,AAAA' } }]),
      'must be one of image/jpeg',
    ],
    [
      'messages[1].content[0].image_url.url',
      user([{ type: 'image_url', image_url: { url: 'data:image/png,plain' } }]),
      'base64 data: URL',
    ],
    [
      'messages[1].content[0].image_url',
      user([{ type: 'image_url', image_url: 7 }]),
      'must be a base64 data: URL, or an object whose url is one',
    ],
    [
      'messages[1].content[0].input_audio.data',
      user([{ type: 'input_audio', input_audio: { data: 'not base64' } }]),
      'not valid base64',
    ],
    [
      'messages[1].content[0].image_url',
      user([{ type: 'image_url', image_url: 'data:image/png;base64,not base64' }]),
      'not valid base64',
    ],
    ['messages[0].tool_calls[0].function.arguments', call('{"a":'), 'must be a JSON object'],
    ['messages[0].tool_calls[0].function.arguments', call('[]'), 'must be a JSON object'],
    [
      'messages[0].tool_calls[0].function.arguments',
      call('{"a":1,"a":2}'),
      'must be a JSON object',
    ],
    ['messages[0].tool_calls[0].function.arguments', call('['.repeat(65)), 'must be a JSON object'],
    ['messages[0].tool_calls[0].function.arguments', call({}), 'must be a text'],
    [
      'messages[1].function_call',
      { messages: [USER, { role: 'assistant', function_call: { name: 'f', arguments: '' } }] },
      'give it as tool_calls',
    ],
    ['n', { n: 2 }, 'only one answer'],
    ['moderation', { moderation: { model: 'm' } }, 'nothing is moderated here'],
    ['logit_bias', { logit_bias: { '50256': -100 } }, 'can not be biased'],
    ['modalities', { modalities: ['text', 'audio'] }, 'only text'],
    ['functions', { functions: [FUNCTION] }, 'as tools'],
    ['function_call', { function_call: { name: 'f' } }, 'tool_choice'],
    ['web_search_options', { web_search_options: {} }, 'not searched'],
    ['tools[0].type', { tools: [{ type: 'web_search' }] }, 'must be "function"'],
    ['tools', { tools: Array(257).fill(TOOL) }, 'at most 256 tools'],
    ['response_format.type', { response_format: { type: 'grammar' } }, 'must be text, json_object'],
    ['response_format.json_schema', { response_format: { type: 'json_schema' } }, 'must be there'],
    ['reasoning_effort', { reasoning_effort: 'extreme' }, 'must be one of none'],
    ['max_tokens', { max_tokens: 0 }, 'at least 1'],
    ['max_completion_tokens', { max_completion_tokens: 1.5 }, 'must be a whole number'],
    ['top_logprobs', { logprobs: true, top_logprobs: 21 }, 'between 0 and 20'],
    ['top_logprobs', { top_logprobs: 2 }, 'takes logprobs: true'],
    ['top_logprobs', { logprobs: false, top_logprobs: 2 }, 'takes logprobs: true'],
    ['stop', { stop: 7 }, 'must be a text or a list of texts'],
    ['keep_alive', { keep_alive: true }, 'must be a number of seconds or a text like "5m"'],
    ['keep_alive', { keep_alive: 'x'.repeat(33) }, 'must be a number of seconds'],
    ['think', { think: 'deeply' }, 'must be true, false, low, medium, high or max'],
    ['temperature', { temperature: 'hot' }, 'must be a number'],
    ['Messages', { Messages: [] }, 'write it as "messages"'],
    [
      'messages[0].Content',
      { messages: [{ role: 'user', Content: 'x' }] },
      'write it as "content"',
    ],
  ])('%s in %j', (field, change, text) => {
    expect(refused(change)).toEqual({ field, message: expect.stringContaining(text) })
  })
})

describe('a choice among tools is refused', () => {
  const allowed = (...tools: object[]) => ({
    type: 'allowed_tools',
    allowed_tools: { mode: 'auto', tools },
  })
  const NONE_OF_THEM = 'names none of the tools that were given'
  test.each([
    ['tool_choice.function.name', { tools: [TOOL], tool_choice: named('g') }, NONE_OF_THEM],
    ['tool_choice.function.name', { tool_choice: named('f') }, NONE_OF_THEM],
    [
      'tool_choice.allowed_tools.tools[1].function.name',
      { tools: [TOOL], tool_choice: allowed(named('f'), named('g')) },
      NONE_OF_THEM,
    ],
    [
      'tool_choice.allowed_tools.tools',
      { tools: [TOOL], tool_choice: allowed() },
      'must name at least one tool',
    ],
    ['tool_choice', { tool_choice: 'required' }, 'takes tools, and none were given'],
    ['tool_choice', { tools: [], tool_choice: 'required' }, 'takes tools, and none were given'],
    [
      'tool_choice',
      { tools: [TOOL], tool_choice: 'perhaps' },
      'must be none, auto or required, or choose with an object',
    ],
    ['tool_choice.type', { tools: [TOOL], tool_choice: {} }, 'must be function or allowed_tools'],
    [
      'tool_choice.type',
      { tools: [TOOL], tool_choice: { type: 'custom', custom: { name: 'f' } } },
      'must be function or allowed_tools',
    ],
    ['tool_choice.function', { tools: [TOOL], tool_choice: { type: 'function' } }, 'is required'],
    [
      'tool_choice.allowed_tools',
      { tools: [TOOL], tool_choice: { type: 'allowed_tools' } },
      'is required',
    ],
  ])('because of %s in %j', (field, change, text) => {
    expect(refused(change)).toEqual({ field, message: `${field}: ${text}` })
  })
})

test.each(['auto', 'none', named('big')])(
  'a schema that is too large is refused where its caller has it, whatever is chosen: %j',
  (tool_choice) => {
    const parameters = { type: 'object', description: 'x'.repeat(64 * 1024) }
    const big = { type: 'function', function: { name: 'big', parameters } }
    const wordy = { type: 'function', function: { name: 'big', description: 'x'.repeat(2 ** 16) } }
    const problem = 'at most 65536 bytes of schema'
    const field = 'tools[1].function.parameters'
    const message = `${field}: ${problem}`
    expect(refused({ tools: [TOOL, big], tool_choice })).toEqual({ field, message })
    expect(refused({ tools: [TOOL, wordy], tool_choice })).toEqual({
      field: 'tools[1]',
      message: `tools[1]: ${problem}`,
    })
  },
)

test.each([
  [{ n: 1 }],
  [{ moderation: null }],
  [{ top_logprobs: 0 }],
  [{ logprobs: true, top_logprobs: 2 }],
  [{ messages: [{ role: 'assistant', content: 'hi', function_call: null }] }],
  [{ logit_bias: {} }],
  [{ modalities: ['text'] }],
  [{ functions: [] }],
  [{ function_call: 'auto' }],
  [{ user: 'anna', metadata: { a: 'b' }, store: false, service_tier: 'auto', prediction: {} }],
  [{ stream_options: null, tools: null, tool_choice: null, stop: null, n: null, seed: null }],
])('what asks for nothing, or changes nothing, is let be: %j', (change) => {
  expect(refused(change)).toBeNull()
})
