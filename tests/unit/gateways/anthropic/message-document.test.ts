import { describe, expect, test } from 'bun:test'
import { chatDone, toolCall } from '../../../support/fake-ollama/records.ts'
import { UNUSED, whole } from './telling.ts'

const METRICS = { promptTokens: 11, tokens: 3 }
const WEATHER = toolCall(0, 'weather', { city: 'Łódź' })
const CLOCK = toolCall(1, 'clock', {})

const used = (call: ReturnType<typeof toolCall>) => ({
  type: 'tool_use',
  id: call.id,
  name: call.function.name,
  input: call.function.arguments,
  caller: { type: 'direct' },
})

type Answer = Parameters<typeof chatDone>[2]

const answered = (message: Answer, change = {}, metrics = {}) =>
  whole(chatDone('m', { ...METRICS, ...metrics }, message), change)

test('an answer in one piece is the message that Anthropic documents', () => {
  expect(answered('Grüße 😀')).toEqual({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    container: null,
    context_management: null,
    diagnostics: null,
    content: [{ type: 'text', text: 'Grüße 😀' }],
    stop_details: null,
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 11, output_tokens: 3, ...UNUSED },
  })
})

describe('its content', () => {
  test.each<[string, Answer, object[]]>([
    ['nothing', '', []],
    ['thoughts alone', { thinking: 'hm' }, [{ type: 'thinking', thinking: 'hm', signature: '' }]],
    ['a call', { tool_calls: [WEATHER] }, [used(WEATHER)]],
    [
      'all of them',
      { thinking: 'hm', content: 'Hi', tool_calls: [WEATHER, CLOCK] },
      [
        { type: 'thinking', thinking: 'hm', signature: '' },
        { type: 'text', text: 'Hi' },
        used(WEATHER),
        used(CLOCK),
      ],
    ],
  ])('is right for %s', (_, message, content) => {
    expect(answered(message)).toMatchObject({ content })
  })

  test('leaves out what the caller does not want', () => {
    const message = { thinking: 'hm', content: 'Hi', tool_calls: [WEATHER, CLOCK] }
    expect(answered(message, { tellsThinking: false, callsInParallel: false })).toMatchObject({
      content: [{ type: 'text', text: 'Hi' }, used(WEATHER)],
      stop_reason: 'tool_use',
    })
  })

  test('is empty where Ollama has sent no message', () => {
    expect(whole({ done: true, done_reason: 'load' })).toMatchObject({
      content: [],
      stop_reason: 'end_turn',
      usage: { input_tokens: 5, output_tokens: 0 },
    })
  })
})

test.each([
  ['end_turn', 'stop', ''],
  ['max_tokens', 'length', ''],
  ['tool_use', 'stop', { tool_calls: [CLOCK] }],
  ['max_tokens', 'length', { tool_calls: [CLOCK] }],
] as const)(
  'it ends for the reason %s where Ollama says %s',
  (stop_reason, doneReason, message) => {
    expect(answered(message, {}, { doneReason })).toMatchObject({
      stop_reason,
      stop_sequence: null,
    })
  },
)

test.each([
  ['nothing', {}, [5, 0]],
  ['nonsense', { prompt_eval_count: -1, eval_count: '3' }, [5, 0]],
  ['nothing that can be counted', { prompt_eval_count: 1e300, eval_count: 0.5 }, [5, 0]],
  ['that nothing was read', { prompt_eval_count: 0, eval_count: 3 }, [0, 3]],
])('its tokens are those of the ledger where Ollama says %s', (_, counts, [read, written]) => {
  expect(whole({ ...chatDone('m'), ...counts })).toMatchObject({
    usage: { input_tokens: read, output_tokens: written },
  })
})
