import { describe, expect, test } from 'bun:test'
import { chatCompletionRequest, toChat } from '../../../../app/gateways/openai/chat-request.ts'
import { thinkFor } from '../../../../app/gateways/openai/reasoning.ts'
import { bodyOf } from '../../../../app/middleware/body.ts'

const reader = bodyOf(chatCompletionRequest, toChat)
const USER = { role: 'user', content: 'hi' }
const read = (change: object = {}) => reader.read({ model: 'm', messages: [USER], ...change })
const chat = (change: object = {}) => read(change).chat
const said = (...messages: object[]) => chat({ messages }).messages

const PIXEL = 'iVBORw0KGgo='
const FUNCTION = { name: 'f', description: 'does', parameters: { type: 'object' } }
const TOOL = { type: 'function', function: FUNCTION }

test('the shortest chat sets nothing that it does not say', () => {
  expect(JSON.parse(JSON.stringify(read()))).toEqual({
    chat: { model: 'm', stream: false, messages: [USER], options: {} },
    includeUsage: false,
    callsInParallel: true,
  })
})

describe('what shapes the answer', () => {
  test('is told under the names that Ollama has for it', () => {
    const { options, stream } = chat({
      stream: true,
      temperature: 0,
      top_p: 0.5,
      seed: 7,
      stop: 'END',
      frequency_penalty: 1,
      presence_penalty: -1,
      max_tokens: 5,
    })
    expect(stream).toBe(true)
    expect(options).toEqual({
      temperature: 0,
      top_p: 0.5,
      seed: 7,
      stop: 'END',
      frequency_penalty: 1,
      presence_penalty: -1,
      num_predict: 5,
    })
  })

  test('is as long as max_completion_tokens says, whatever the older field says', () => {
    expect(chat({ max_completion_tokens: 9 }).options).toEqual({ num_predict: 9 })
    expect(chat({ max_completion_tokens: 9, max_tokens: 5 }).options).toEqual({ num_predict: 9 })
  })

  test('can be said in the words of Ollama, after which those of OpenAI come first', () => {
    const body = { options: { num_ctx: 8192, temperature: 1 }, temperature: 0.2 }
    expect(chat(body).options).toEqual({ num_ctx: 8192, temperature: 0.2 })
    expect(chat({ keep_alive: '5m', think: 'high' })).toMatchObject({
      keep_alive: '5m',
      think: 'high',
    })
  })

  test.each([
    ['none', false],
    ['minimal', 'low'],
    ['medium', 'medium'],
    ['high', 'high'],
    ['xhigh', 'max'],
  ] as const)('includes how much is thought, by models that can: %s', (effort, think) => {
    const thinks = (change: object) => thinkFor(read(change), ['completion', 'thinking'])
    expect(thinks({ reasoning_effort: effort })).toBe(think)
    expect(thinks({ reasoning: { effort }, reasoning_effort: 'low' })).toBe(think)
    expect(thinkFor(read({ reasoning_effort: effort }), null)).toBe(think)
    expect(thinkFor(read({ reasoning_effort: effort }), ['completion'])).toBe(
      effort === 'none' ? false : undefined,
    )
  })

  test('includes what is said of thinking in the words of Ollama, to every model', () => {
    const asked = read({ think: 'high', reasoning_effort: 'low' })
    expect(thinkFor(asked, ['completion'])).toBe('high')
    expect(thinkFor(read({ think: false, reasoning_effort: 'low' }), null)).toBe(false)
    expect(thinkFor(read(), ['completion', 'thinking'])).toBeUndefined()
  })

  test.each([
    [{ type: 'text' }, undefined],
    [{ type: 'json_object' }, 'json'],
    [
      { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
      { type: 'object' },
    ],
    [{ type: 'json_schema', json_schema: { name: 'x' } }, 'json'],
  ])('includes its form: %j', (response_format, format) => {
    expect(chat({ response_format }).format).toEqual(format as never)
  })

  test('includes how likely its tokens are', () => {
    expect(chat({ logprobs: true, top_logprobs: 3 })).toMatchObject({
      logprobs: true,
      top_logprobs: 3,
    })
    expect(chat({ logprobs: true })).toMatchObject({ top_logprobs: 0 })
    expect(chat({ logprobs: false })).not.toHaveProperty('logprobs')
  })
})

describe('tools', () => {
  test('are offered as they are, but for what Ollama does not know', () => {
    const tools = [{ ...TOOL, function: { ...FUNCTION, strict: true } }]
    expect(chat({ tools }).tools).toEqual([TOOL])
  })

  test.each([
    ['none', undefined],
    ['auto', ['f', 'g']],
    ['required', ['f', 'g']],
    [{ type: 'function', function: { name: 'g' } }, ['g']],
    [null, ['f', 'g']],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
      ['f'],
    ],
  ])('are those that may be chosen: %j', (tool_choice, names) => {
    const tools = [TOOL, { type: 'function', function: { name: 'g' } }]
    const offered = chat({ tools, tool_choice }).tools as
      | { function: { name: string } }[]
      | undefined
    expect(offered?.map((tool) => tool.function.name)).toEqual(names as never)
  })

  test('may be called one at a time', () => {
    expect(read({ parallel_tool_calls: false }).callsInParallel).toBe(false)
  })
})

describe('messages', () => {
  test('have their parts in one, with the pictures beside the text', () => {
    const parts = [
      { type: 'text', text: 'what' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}`, detail: 'low' } },
      { type: 'text', text: 'is this?' },
      { type: 'image_url', image_url: `data:;base64,${PIXEL}` },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
    ]
    expect(said({ role: 'user', content: parts })).toEqual([
      { role: 'user', content: 'what\nis this?', images: [PIXEL, PIXEL, 'AAAA'] },
    ])
  })

  test('of developers are those of the system', () => {
    expect(said({ role: 'developer', content: 'be short' }, USER)).toEqual([
      { role: 'system', content: 'be short' },
      USER,
    ])
  })

  test('tell calls and what came of them, under the name of the tool', () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }
    const messages = [
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
      { role: 'tool', tool_call_id: 'other', content: [{ type: 'text', text: 'sun' }] },
      { role: 'function', name: 'old', content: 'snow' },
    ]
    expect(said(...messages)).toEqual([
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'call_1', function: { index: 0, name: 'f', arguments: { a: 1 } } }],
      },
      { role: 'tool', content: 'rain', tool_name: 'f', tool_call_id: 'call_1' },
      { role: 'tool', content: 'sun', tool_call_id: 'other' },
      { role: 'tool', content: 'snow', tool_name: 'old' },
    ])
  })

  test.each(['', ' ', null, undefined])(
    'take arguments that are none for an empty object: %j',
    (text) => {
      const tool_calls = [{ function: { name: 'f', arguments: text } }]
      expect(
        said({ role: 'assistant', tool_calls })?.[0]?.tool_calls?.[0]?.function.arguments,
      ).toEqual({})
    },
  )

  test('hand back what was thought', () => {
    for (const field of ['reasoning', 'reasoning_content']) {
      expect(said({ role: 'assistant', content: 'yes', [field]: 'hm' })).toEqual([
        { role: 'assistant', content: 'yes', thinking: 'hm' },
      ])
    }
  })
})
