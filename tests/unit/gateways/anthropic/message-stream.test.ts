import { describe, expect, test } from 'bun:test'
import { chatChunk, chatDone, toolCall } from '../../../support/fake-ollama/records.ts'
import { inShort, streamed, UNUSED } from './telling.ts'

const said = (message: Parameters<typeof chatChunk>[1]) => chatChunk('m', message)
const DONE = chatDone('m', { promptTokens: 11, tokens: 3 })
const WEATHER = toolCall(0, 'weather', { city: 'Łódź' })
const CLOCK = toolCall(1, 'clock', {})

test('a text is told in the events that Anthropic documents', async () => {
  expect(await streamed([said('Hel'), said('lo 😀'), DONE])).toEqual([
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude',
        container: null,
        context_management: null,
        diagnostics: null,
        content: [],
        stop_details: null,
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 5, output_tokens: 0, ...UNUSED },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo 😀' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      context_management: null,
      delta: {
        container: null,
        stop_details: null,
        stop_reason: 'end_turn',
        stop_sequence: null,
      },
      usage: { input_tokens: 11, output_tokens: 3, ...UNUSED },
    },
    { type: 'message_stop' },
  ])
})

test('thoughts are a block of their own, with an empty signature', async () => {
  const [, start, part, ...rest] = await streamed([said({ thinking: 'hm' }), said('yes'), DONE])
  expect(start).toEqual({
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'thinking', thinking: '', signature: '' },
  })
  expect(part).toMatchObject({ delta: { type: 'thinking_delta', thinking: 'hm' } })
  expect(rest[0]).toEqual({ type: 'content_block_stop', index: 0 })
  expect(rest[1]).toMatchObject({ type: 'content_block_start', index: 1 })
})

test('a call is a block of its own, with its whole input in one part', async () => {
  const [, start, part, stop, end] = await streamed([said({ tool_calls: [WEATHER] }), DONE])
  expect([start, part, stop]).toEqual([
    {
      type: 'content_block_start',
      index: 0,
      content_block: {
        type: 'tool_use',
        id: 'call_ab12cd30',
        name: 'weather',
        input: {},
        caller: { type: 'direct' },
      },
    },
    {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json: '{"city":"Łódź"}' },
    },
    { type: 'content_block_stop', index: 0 },
  ])
  expect(end).toMatchObject({ delta: { stop_reason: 'tool_use' } })
})

describe('the blocks of a message', () => {
  test.each<[string, object[], string[]]>([
    ['nothing at all', [DONE], []],
    ['records that say nothing', [said(''), said({ tool_calls: [] }), DONE], []],
    ['a record without a message', [{ done: false }, DONE], []],
    ['words with the end', [chatDone('m', {}, 'Hi')], ['start 0 text', 'delta 0 Hi', 'stop 0']],
    [
      'thoughts and words in one record',
      [said({ thinking: 'hm', content: 'yes' }), DONE],
      ['start 0 thinking', 'delta 0 hm', 'stop 0', 'start 1 text', 'delta 1 yes', 'stop 1'],
    ],
    [
      'thoughts between words',
      [said('a'), said(''), said('b'), said({ thinking: 'hm' }), said('c'), DONE],
      [
        ...['start 0 text', 'delta 0 a', 'delta 0 b', 'stop 0'],
        ...['start 1 thinking', 'delta 1 hm', 'stop 1'],
        ...['start 2 text', 'delta 2 c', 'stop 2'],
      ],
    ],
    [
      'words, calls in one record and in the last, and words after them',
      [
        said('Let me look.'),
        said({ tool_calls: [WEATHER, CLOCK] }),
        said('Well?'),
        chatDone('m', {}, { tool_calls: [WEATHER] }),
      ],
      [
        ...['start 0 text', 'delta 0 Let me look.', 'stop 0'],
        ...['start 1 weather', 'delta 1 {"city":"Łódź"}', 'stop 1'],
        ...['start 2 clock', 'delta 2 {}', 'stop 2'],
        ...['start 3 text', 'delta 3 Well?', 'stop 3'],
        ...['start 4 weather', 'delta 4 {"city":"Łódź"}', 'stop 4'],
      ],
    ],
    [
      'all at once, with the end',
      [chatDone('m', {}, { thinking: 'hm', content: 'Hi', tool_calls: [CLOCK] })],
      [
        ...['start 0 thinking', 'delta 0 hm', 'stop 0'],
        ...['start 1 text', 'delta 1 Hi', 'stop 1'],
        ...['start 2 clock', 'delta 2 {}', 'stop 2'],
      ],
    ],
  ])('are right for %s', async (_, records, blocks) => {
    const events = await streamed(records)
    expect(inShort(events)).toEqual(blocks)
    expect(events.map(({ type }) => type).at(0)).toBe('message_start')
    expect(events.slice(-2).map(({ type }) => type)).toEqual(['message_delta', 'message_stop'])
  })

  test('are told without thoughts to a caller who wants none', async () => {
    const records = [said({ thinking: 'hm', content: 'a' }), said({ thinking: 'so' }), said('b')]
    expect(inShort(await streamed([...records, DONE], { tellsThinking: false }))).toEqual([
      ...['start 0 text', 'delta 0 a', 'delta 0 b', 'stop 0'],
    ])
  })

  test('are told with the first call only to a caller who wants one at a time', async () => {
    const records = [said({ tool_calls: [WEATHER, CLOCK] }), said({ tool_calls: [CLOCK] }), DONE]
    const events = await streamed(records, { callsInParallel: false })
    expect(inShort(events)).toEqual(['start 0 weather', 'delta 0 {"city":"Łódź"}', 'stop 0'])
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' } })
  })
})

test('a call without an id or arguments is given what it lacks', async () => {
  const call = { function: { name: 'clock' } }
  const events = await streamed([said({ tool_calls: [call, call] }), DONE])
  const blocks = events.flatMap(({ content_block }) => content_block ?? [])
  expect(blocks).toEqual([
    { type: 'tool_use', id: 'toolu_a1', name: 'clock', input: {}, caller: { type: 'direct' } },
    { type: 'tool_use', id: 'toolu_a2', name: 'clock', input: {}, caller: { type: 'direct' } },
  ])
  expect(events[2]).toMatchObject({ delta: { partial_json: '{}' } })
})

describe('the end of a message', () => {
  const ending = async (
    metrics: Parameters<typeof chatDone>[1],
    message?: Parameters<typeof chatDone>[2],
  ) => (await streamed([said('x'), chatDone('m', metrics, message)])).at(-2)

  test.each([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['end_turn', null],
    ['end_turn', 'load'],
  ] as const)('is for the reason %s where Ollama says %p', async (stop_reason, doneReason) => {
    expect(await ending({ doneReason })).toMatchObject({
      delta: { stop_reason, stop_sequence: null },
    })
  })

  test('is that there was no room for more even after a call', async () => {
    expect(await ending({ doneReason: 'length' }, { tool_calls: [CLOCK] })).toMatchObject({
      delta: { stop_reason: 'max_tokens' },
    })
  })

  test('has our estimate of the prompt where Ollama does not count it, or counts nonsense', async () => {
    expect(await ending({})).toMatchObject({ usage: { input_tokens: 5, output_tokens: 0 } })
    const nonsense = { ...DONE, prompt_eval_count: 'many', eval_count: -3 }
    expect((await streamed([nonsense])).at(-2)).toMatchObject({
      usage: { input_tokens: 5, output_tokens: 0 },
    })
  })
})
