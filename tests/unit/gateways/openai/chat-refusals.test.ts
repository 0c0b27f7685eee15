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
    ['messages[0].content', { messages: [{ role: 'user', content: null }] }, 'must be a text'],
    ['messages[0].content', { messages: [{ role: 'assistant' }] }, 'must be there'],
    ['messages[1].content', user(7), 'none of the forms'],
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
    ['n', { n: 2 }, 'only one answer'],
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
    ['top_logprobs', { top_logprobs: 21 }, 'between 0 and 20'],
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

test.each([
  [{ n: 1 }],
  [{ logit_bias: {} }],
  [{ modalities: ['text'] }],
  [{ functions: [] }],
  [{ function_call: 'auto' }],
  [{ user: 'anna', metadata: { a: 'b' }, store: false, service_tier: 'auto', prediction: {} }],
  [{ stream_options: null, tools: null, tool_choice: null, stop: null, n: null, seed: null }],
])('what asks for nothing, or changes nothing, is let be: %j', (change) => {
  expect(refused(change)).toBeNull()
})
