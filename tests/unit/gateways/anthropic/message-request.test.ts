import { describe, expect, test } from 'bun:test'
import { possibleThinking } from '../../../../app/gateways/possible-thinking.ts'
import { decoded, decodedPrompt, SMALLEST, tool } from './decode.ts'

const SCHEMA = { type: 'object', properties: { colour: { type: 'string' } } }
const [WEATHER, CLOCK] = [tool('weather'), tool('clock')]

const native = (name: string) => ({
  type: 'function',
  function: { name, parameters: { type: 'object' } },
})

describe('a message that is asked for', () => {
  test('is a chat that is not streamed, and leaves to the model what is left out', () => {
    expect(decoded()).toEqual({
      chat: {
        model: 'm',
        messages: [{ role: 'user', content: 'hi' }],
        think: undefined,
        format: undefined,
        stream: false,
        options: { num_predict: 16 },
      },
      callsInParallel: true,
      tellsThinking: true,
    })
  })

  test('is streamed when that is asked for', () => {
    expect(decoded({ stream: true }).chat.stream).toBe(true)
    expect(decoded({ stream: null }).chat.stream).toBe(false)
  })

  test('may leave the model to the gateway', () => {
    expect(decoded({ model: undefined }).chat.model).toBeUndefined()
  })

  test('has its sampling told in the words of Ollama', () => {
    const sampling = { temperature: 0, top_p: 0.9, top_k: 40, stop_sequences: ['END', '\n\n'] }
    expect(decoded(sampling).chat.options).toEqual({
      num_predict: 16,
      temperature: 0,
      top_p: 0.9,
      top_k: 40,
      stop: ['END', '\n\n'],
    })
    const nothing = { temperature: null, top_p: null, top_k: null, stop_sequences: null }
    expect(decoded(nothing).chat.options).toEqual({ num_predict: 16 })
  })

  test('is the same without what only Anthropic has a use for', () => {
    const theirs = {
      metadata: { user_id: 'u' },
      cache_control: { type: 'ephemeral' },
      service_tier: 'auto',
      context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
      betas: ['interleaved-thinking'],
      container: 'container_1',
      inference_geo: 'eu',
      speed: 'fast',
      mcp_servers: [],
    }
    expect(decoded(theirs)).toEqual(decoded())
  })
})

describe('the form of an answer', () => {
  const format = { type: 'json_schema', schema: SCHEMA }

  test.each([
    ['output_config.format', { output_config: { format } }],
    ['output_format, as it was called before', { output_format: format }],
    ['the newer of both', { output_config: { format }, output_format: { ...format, schema: {} } }],
  ])('is taken from %s', (_, change) => {
    expect(decoded(change).chat.format).toEqual(SCHEMA)
  })

  test('is left open by nothing', () => {
    const nothing = { output_config: { format: null, effort: null }, output_format: null }
    expect(decoded(nothing)).toEqual(decoded())
  })
})

describe('thinking', () => {
  const effort = (level: string) => ({ output_config: { effort: level } })

  test.each([
    [true, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
    [true, { thinking: { type: 'enabled' }, ...effort('low') }],
    [false, { thinking: { type: 'disabled' }, ...effort('max') }],
    [undefined, { thinking: { type: 'adaptive' } }],
    [undefined, { thinking: { type: 'between_tools' } }],
    [undefined, { thinking: null }],
    ['high', { thinking: { type: 'adaptive' }, ...effort('high') }],
    ['low', effort('low')],
    ['medium', effort('medium')],
    ['max', effort('xhigh')],
    ['max', effort('max')],
  ] as const)('is %p for %j', (think, change) => {
    expect(decoded(change).chat.think).toBe(think)
  })

  test('is told unless the caller wants it left out', () => {
    const shown = (display: unknown) => decoded({ thinking: { type: 'adaptive', display } })
    expect(shown('summarized').tellsThinking).toBe(true)
    expect(shown(null).tellsThinking).toBe(true)
    expect(shown('omitted').tellsThinking).toBe(false)
  })

  test('is asked only of a model that can, or of which nobody knows whether it can', () => {
    for (const think of [true, 'high'] as const) {
      expect(possibleThinking(think, ['completion'])).toBeUndefined()
      expect(possibleThinking(think, ['completion', 'thinking'])).toBe(think)
      expect(possibleThinking(think, null)).toBe(think)
    }
    expect(possibleThinking(false, ['completion'])).toBe(false)
  })
})

describe('tools', () => {
  const offered = (choice?: object) =>
    decoded({ tools: [WEATHER, CLOCK], ...(choice && { tool_choice: choice }) }).chat.tools

  test('are told in the words of Ollama', () => {
    const told = decoded({
      tools: [
        {
          type: 'custom',
          name: 'weather',
          description: 'in a city',
          input_schema: SCHEMA,
          cache_control: { type: 'ephemeral' },
          strict: true,
        },
      ],
    })
    expect(told.chat.tools).toEqual([
      {
        type: 'function',
        function: { name: 'weather', description: 'in a city', parameters: SCHEMA },
      },
    ])
  })

  test.each([
    ['nothing', undefined, ['weather', 'clock']],
    ['auto', { type: 'auto' }, ['weather', 'clock']],
    ['any', { type: 'any' }, ['weather', 'clock']],
    ['one of them', { type: 'tool', name: 'clock' }, ['clock']],
  ])('are those that fit the choice: %s', (_, choice, names) => {
    expect(offered(choice)).toEqual(names.map(native))
  })

  test('are none when none may be called, or none are there', () => {
    expect('tools' in decoded({ tools: [WEATHER], tool_choice: { type: 'none' } }).chat).toBe(false)
    expect('tools' in decoded({ tools: [] }).chat).toBe(false)
    expect('tools' in decoded({ tools: null, tool_choice: null }).chat).toBe(false)
  })

  test('are called one at a time when that is asked for', () => {
    const parallel = (choice: object) => decoded({ tool_choice: choice }).callsInParallel
    expect(parallel({ type: 'auto', disable_parallel_tool_use: true })).toBe(false)
    expect(parallel({ type: 'any', disable_parallel_tool_use: false })).toBe(true)
    expect(parallel({ type: 'any' })).toBe(true)
  })
})

test('a prompt whose tokens are counted is the same without what is only for an answer', () => {
  const { max_tokens: _, ...prompt } = { ...SMALLEST, system: 'Be brief', tools: [WEATHER] }
  const { options, stream, ...chat } = decoded(prompt).chat
  expect([options, stream]).toEqual([{ num_predict: 16 }, false])
  expect(decodedPrompt(prompt)).toEqual(chat)
  expect(decodedPrompt({ ...prompt, max_tokens: 'none', stream: 1 })).toEqual(chat)
})
