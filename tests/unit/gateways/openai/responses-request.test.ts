import { describe, expect, test } from 'bun:test'
import { thinkFor } from '../../../../app/gateways/openai/reasoning.ts'
import { chat, read, refused } from './response-stage.ts'

test('the shortest request sets nothing that it does not say', () => {
  expect(JSON.parse(JSON.stringify(chat()))).toEqual({
    model: 'm',
    stream: false,
    messages: [{ role: 'user', content: 'hi' }],
    options: {},
  })
})

describe('what shapes the answer', () => {
  test('is told under the names that Ollama has for it', () => {
    const asked = { stream: true, temperature: 0, top_p: 0.5, max_output_tokens: 5 }
    const { options, stream } = chat(asked)
    expect(stream).toBe(true)
    expect(options).toEqual({ temperature: 0, top_p: 0.5, num_predict: 5 })
  })

  test.each([
    ['none', false],
    ['minimal', 'low'],
    ['medium', 'medium'],
    ['xhigh', 'max'],
  ] as const)('is thought about with the effort %s', (effort, think) => {
    expect(thinkFor(read({ reasoning: { effort } }), ['completion', 'thinking'])).toBe(think)
  })

  test('is not thought about by models that can not, unless it is said in the words of Ollama', () => {
    const asked = { reasoning: { effort: 'high' } }
    expect(thinkFor(read(asked), ['completion'])).toBeUndefined()
    expect(thinkFor(read({ ...asked, think: 'low' }), ['completion'])).toBe('low')
  })

  test('is thought about as the model likes where nothing is said', () => {
    expect(thinkFor(read({ reasoning: { summary: 'auto' } }), ['thinking'])).toBeUndefined()
    expect(thinkFor(read({ reasoning: null }), ['thinking'])).toBeUndefined()
  })

  test('can be what only Ollama has', () => {
    const asked = { think: true, keep_alive: '5m', options: { num_ctx: 8192 } }
    expect(chat({ ...asked, reasoning: { effort: 'none' } })).toMatchObject(asked)
  })

  test.each([
    [{ type: 'text' }, undefined],
    [{ type: 'json_object' }, 'json'],
    [{ type: 'json_schema', name: 'n', schema: { type: 'object' } }, { type: 'object' }],
  ] as const)('has the form of %j', (format, native) => {
    expect(chat({ text: { format, verbosity: 'low' } }).format).toEqual(native)
  })

  test('tells how likely tokens were where that is asked for, either way', () => {
    expect(chat({ top_logprobs: 2 })).toMatchObject({ logprobs: true, top_logprobs: 2 })
    const include = ['message.output_text.logprobs', 'file_search_call.results']
    expect(chat({ include })).toMatchObject({ logprobs: true, top_logprobs: 0 })
    expect(chat({ include: [], top_logprobs: 0 })).not.toHaveProperty('logprobs')
  })

  test('is not made from a part of the conversation where that was ruled out', () => {
    expect(chat({ truncation: 'disabled' }).truncate).toBe(false)
    expect(chat({ truncation: 'auto' })).not.toHaveProperty('truncate')
  })
})

test('what concerns how the answer is told is kept beside the chat', () => {
  const include = ['reasoning.encrypted_content']
  expect(read({ parallel_tool_calls: false, include })).toMatchObject({
    callsInParallel: false,
    sealsThinking: true,
  })
  expect(read()).toMatchObject({ callsInParallel: true, sealsThinking: false })
})

test('what changes nothing here is left out', () => {
  const idle = {
    store: true,
    user: 'u',
    service_tier: 'flex',
    prompt_cache_retention: '24h',
    stream_options: { include_obfuscation: false },
    max_tool_calls: 3,
    background: false,
    previous_response_id: null,
    conversation: null,
    prompt: null,
    client_metadata: { x: 'y' },
  }
  expect(chat(idle)).toEqual(chat())
})

describe('a request is refused, with the field,', () => {
  const KEPT = 'nothing is kept here; send the whole conversation as input'
  test.each([
    [{ previous_response_id: 'resp_1' }, 'previous_response_id', KEPT],
    [{ conversation: 'conv_1' }, 'conversation', KEPT],
    [{ conversation: { id: 'conv_1' } }, 'conversation', KEPT],
    [{ background: true }, 'background', 'nothing runs in the background here'],
    [
      { prompt: { id: 'pmpt_1' } },
      'prompt',
      'no prompts are kept here; send the text as instructions or input',
    ],
    [
      { context_management: [{ type: 'compaction' }] },
      'context_management',
      'conversations are not compacted here',
    ],
    [{ moderation: { model: 'm' } }, 'moderation', 'nothing is moderated here'],
    [{ input: undefined }, 'input', 'must be a text or a list of items'],
    [{ input: 5 }, 'input', 'must be a text or a list of items'],
    [{ input: [] }, 'input', 'must hold at least one item'],
    [{ max_output_tokens: 0 }, 'max_output_tokens', 'must be at least 1'],
    [{ think: 'deeply' }, 'think', 'must be true, false, low, medium, high or max'],
    [
      { input: [{ role: 'user', content: 7 }] },
      'input[0].content',
      'must be a text or a list of parts',
    ],
    [
      { input: [{ role: 'user', content: Array(1001).fill({ type: 'input_text', text: '' }) }] },
      'input[0].content',
      'at most 1000 parts',
    ],
    [{ max_tool_calls: 'x' }, 'max_tool_calls', 'must be a number'],
    [{ top_logprobs: 21 }, 'top_logprobs', 'must be between 0 and 20'],
    [{ truncation: 'some' }, 'truncation', 'must be auto or disabled'],
    [{ metadata: { a: 1 } }, 'metadata.a', 'must be a text'],
    [
      { text: { format: { type: 'json_schema', name: 'n' } } },
      'text.format.schema',
      'must be there for json_schema',
    ],
    [
      { text: { format: { type: 'xml' } } },
      'text.format.type',
      'must be text, json_object or json_schema',
    ],
  ])('for %j', (change, field, problem) => {
    expect(refused(change)).toEqual({ field, message: `${field}: ${problem}` })
  })

  test('for an effort that nobody knows', () => {
    expect(refused({ reasoning: { effort: 'huge' } })).toMatchObject({ field: 'reasoning.effort' })
  })

  test('for one that only differs in case from a known one', () => {
    expect(refused({ Input: 'hi' })).toMatchObject({ field: 'Input' })
    expect(refused({ input: [{ Role: 'user' }] })).toMatchObject({ field: 'input[0].Role' })
  })
})
