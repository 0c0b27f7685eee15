import { describe, expect, test } from 'bun:test'
import { decoded, decodedPrompt, SMALLEST, tool } from './decode.ts'

const SCHEMA = { type: 'object', properties: { colour: { type: 'string' } } }

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
      saysHowToThink: false,
      callsInParallel: true,
      tellsThinking: false,
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
      inference_geo: 'eu',
      speed: 'fast',
      diagnostics: { previous_message_id: 'msg_1' },
      billing_policy: { type: 'billing_policy', bill_to: 'self' },
    }
    expect(decoded(theirs)).toEqual(decoded())
  })

  test.each<[string, unknown[]]>([
    ['mcp_servers', [[], null]],
    ['container', ['', {}, { id: null, skills: [] }, null]],
    ['compaction', [{}, null]],
    // A model without fallbacks runs alone then, at Anthropic as well.
    ['fallbacks', ['default', [], null]],
    ['thread', [null]],
  ])('is the same where nothing is asked for with %s', (field, values) => {
    for (const value of values) expect(decoded({ [field]: value })).toEqual(decoded())
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

test('a prompt whose tokens are counted is the same without what is only for an answer', () => {
  const { max_tokens: _, ...prompt } = { ...SMALLEST, system: 'Be brief', tools: [tool('weather')] }
  const { options, stream, ...chat } = decoded(prompt).chat
  expect([options, stream]).toEqual([{ num_predict: 16 }, false])
  expect(decodedPrompt(prompt)).toEqual(chat)
  expect(decodedPrompt({ ...prompt, max_tokens: 'none', stream: 1 })).toEqual(chat)
})
