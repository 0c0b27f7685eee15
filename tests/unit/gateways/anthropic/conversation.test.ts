import { describe, expect, test } from 'bun:test'
import { decoded, nativeMessages, nativeUser, PIXEL } from './decode.ts'

const text = (text: string) => ({ type: 'text', text, cache_control: { type: 'ephemeral' } })
const image = (media_type = 'image/png') => ({
  type: 'image',
  source: { type: 'base64', media_type, data: PIXEL },
})
const document = (change: object = {}) => ({
  type: 'document',
  source: { type: 'text', media_type: 'text/plain', data: 'once upon a time' },
  ...change,
})
const use = (id: string, name: string, input?: unknown) => ({ type: 'tool_use', id, name, input })
const result = (tool_use_id: string, change: object) => ({
  type: 'tool_result',
  tool_use_id,
  ...change,
})

describe('what a user says', () => {
  test('is a text, or blocks of text on lines of their own', () => {
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'user', content: [text('one'), text('two')] },
    ]
    expect(nativeMessages(messages)).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'user', content: 'one\ntwo' },
    ])
  })

  test('has its images beside it, in their order', () => {
    const other = {
      ...image('image/webp'),
      source: { ...image('image/webp').source, data: 'AAAA' },
    }
    expect(nativeUser(image(), text('which colour?'), other)).toEqual([
      { role: 'user', content: 'which colour?', images: [PIXEL, 'AAAA'] },
    ])
  })

  test('holds the texts of documents, with what is said about them', () => {
    expect(nativeUser(document(), text('sum it up'))).toEqual([
      { role: 'user', content: 'once upon a time\nsum it up' },
    ])
    for (const citations of [undefined, null, {}, { enabled: false }]) {
      const titled = document({ title: 'A tale', context: 'for children', citations })
      expect(nativeUser(titled)).toEqual([
        { role: 'user', content: 'A tale\nfor children\nonce upon a time' },
      ])
    }
  })

  test('is a message even when it is nothing: no messages at all would load the model', () => {
    expect(nativeUser()).toEqual([{ role: 'user', content: '' }])
  })
})

describe('what a model has said', () => {
  const assistant = (...content: readonly object[]) =>
    nativeMessages([{ role: 'assistant', content }])

  test('is one message with its thoughts and its calls', () => {
    const blocks = [
      { type: 'thinking', thinking: 'a city', signature: '' },
      { type: 'redacted_thinking', data: 'x' },
      text('Let me look.'),
      use('toolu_1', 'weather', { city: 'Łódź' }),
      use('toolu_2', 'clock', {}),
    ]
    expect(assistant(...blocks)).toEqual([
      {
        role: 'assistant',
        content: 'Let me look.',
        thinking: 'a city',
        tool_calls: [
          { id: 'toolu_1', function: { index: 0, name: 'weather', arguments: { city: 'Łódź' } } },
          { id: 'toolu_2', function: { index: 1, name: 'clock', arguments: {} } },
        ],
      },
    ])
  })

  test('is a message though all of it was redacted', () => {
    expect(assistant({ type: 'redacted_thinking', data: 'x' })).toEqual([
      { role: 'assistant', content: '' },
    ])
  })

  test('may call a tool without an input', () => {
    for (const input of [undefined, null]) {
      expect(assistant(use('1', 'clock', input))?.[0]?.tool_calls).toEqual([
        { id: '1', function: { index: 0, name: 'clock', arguments: {} } },
      ])
    }
  })

  test('is passed on as it is at the end, for the model to go on from', () => {
    const messages = [
      { role: 'user', content: 'A or B?' },
      { role: 'assistant', content: 'The answer is ( ' },
    ]
    expect(nativeMessages(messages)).toEqual(messages)
  })
})

describe('what a tool has answered', () => {
  const called = {
    role: 'assistant',
    content: [use('toolu_1', 'weather', {}), use('toolu_2', 'clock', {})],
  }
  const answered = (...content: readonly object[]) =>
    nativeMessages([called, { role: 'user', content }])?.slice(1)
  const weather = { role: 'tool', tool_name: 'weather', tool_call_id: 'toolu_1' }

  test('is a message of its own with the name of the tool, before what the user says', () => {
    const content = [
      result('toolu_2', { content: 'noon' }),
      text('and now?'),
      result('toolu_1', { content: [text('rain'), text('wind')] }),
    ]
    expect(answered(...content)).toEqual([
      { role: 'tool', content: 'noon', tool_name: 'clock', tool_call_id: 'toolu_2' },
      { ...weather, content: 'rain\nwind' },
      { role: 'user', content: 'and now?' },
    ])
  })

  test('may hold images and documents', () => {
    expect(answered(result('toolu_1', { content: [text('a map'), image(), document()] }))).toEqual([
      { ...weather, content: 'a map\nonce upon a time', images: [PIXEL] },
    ])
  })

  test.each([
    ['nothing', {}, ''],
    ['null', { content: null }, ''],
    ['an empty list', { content: [] }, ''],
    ['an error', { content: 'no such city', is_error: true }, 'Error: no such city'],
    ['no error', { content: 'rain', is_error: false }, 'rain'],
  ])('may be %s', (_, change, content) => {
    expect(answered(result('toolu_1', change))).toEqual([{ ...weather, content }])
  })

  test('of a call that nobody made has no name', () => {
    expect(answered(result('toolu_9', { content: 'x' }))).toEqual([
      { role: 'tool', content: 'x', tool_call_id: 'toolu_9' },
    ])
  })

  test('counts as a message where there may be only so many', () => {
    const results = (count: number) => ({
      role: 'user',
      content: Array.from({ length: count }, (_, i) => result(`toolu_${i}`, { content: 'x' })),
    })
    expect(nativeMessages([results(1000), results(1000)])).toHaveLength(2000)
    expect(() => nativeMessages([results(1000), results(1000), results(1)])).toThrow(
      'messages: at most 2000 messages, where each tool_result counts as one',
    )
  })
})

describe('instructions', () => {
  const HI = { role: 'user', content: 'hi' }

  test.each([
    ['a text', 'Be brief.', 'Be brief.'],
    ['blocks', [text('Be brief.'), text('Be kind.')], 'Be brief.\nBe kind.'],
  ])('that are %s come first', (_, system, content) => {
    expect(decoded({ system }).chat.messages).toEqual([{ role: 'system', content }, HI])
  })

  test.each([[undefined], [null], [''], [[]], [[text('')]]])('may be missing: %j', (system) => {
    expect(decoded({ system }).chat.messages).toEqual([HI])
  })

  test('stand where they are given within the conversation', () => {
    const messages = [HI, { role: 'system', content: [text('Be brief.')] }, HI]
    expect(nativeMessages(messages)).toEqual([HI, { role: 'system', content: 'Be brief.' }, HI])
  })
})
