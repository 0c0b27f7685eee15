import { describe, expect, test } from 'bun:test'
import {
  completionDocument,
  completionStream,
} from '../../../../app/gateways/openai/completion-encoder.ts'
import {
  completionRequest,
  toGenerate,
} from '../../../../app/gateways/openai/completion-request.ts'
import { thinkForCompletion } from '../../../../app/gateways/openai/reasoning.ts'
import { bodyOf } from '../../../../app/middleware/body.ts'
import { generateChunk, generateDone } from '../../../support/fake-ollama/records.ts'
import { eventsIn, refusal, told, toldWhole } from '../../support/told.ts'

const reader = bodyOf(completionRequest, toGenerate)
const read = (change: object) => reader.read({ model: 'm', prompt: 'hi', ...change })
const HEAD = { id: 'cmpl-1', created: 1_800_000_000, model: 'gpt-3' }
const MODEL = 'llama3:latest'
const telling = (change: object = {}) => ({
  identity: HEAD,
  includeUsage: false,
  promptTokens: () => 9,
  ...change,
})

describe('a completion', () => {
  test('is asked for in the words of Ollama', () => {
    const { generate, includeUsage } = read({
      prompt: ['once'],
      suffix: 'end',
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 5,
      logprobs: 2,
    })
    expect(JSON.parse(JSON.stringify(generate))).toEqual({
      model: 'm',
      prompt: 'once',
      suffix: 'end',
      stream: true,
      options: { num_predict: 5 },
      logprobs: true,
      top_logprobs: 2,
    })
    expect(includeUsage).toBe(true)
  })

  test.each([
    ['prompt', { prompt: '' }],
    ['prompt', { prompt: ['a', 'b'] }],
    ['prompt', { prompt: [1, 2] }],
    ['prompt', { prompt: undefined }],
    ['n', { n: 2 }],
    ['best_of', { best_of: 3 }],
    ['echo', { echo: true }],
    ['logit_bias', { logit_bias: { a: 1 } }],
    ['logprobs', { logprobs: 21 }],
    ['stop[0]', { stop: [7] }],
  ])('is refused because of %s: %j', (field, change) => {
    expect(refusal(() => read(change))).toMatchObject({ field })
  })

  test('is told in one piece', () => {
    const answer = generateDone(MODEL, { promptTokens: 4, tokens: 2 }, 'upon')
    expect(toldWhole(completionDocument(telling()), answer)).toEqual({
      ...HEAD,
      object: 'text_completion',
      choices: [{ text: 'upon', index: 0, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 },
    })
    expect(toldWhole(completionDocument(telling()), generateDone(MODEL))).toMatchObject({
      usage: { prompt_tokens: 9, completion_tokens: 0, total_tokens: 9 },
    })
  })

  test('is told in parts, the last of which has the reason', async () => {
    const records = [
      generateChunk(MODEL, 'u'),
      generateChunk(MODEL, ''),
      generateDone(MODEL, { promptTokens: 4, tokens: 2, doneReason: 'length' }, 'pon'),
    ]
    const text = await told(completionStream(telling({ includeUsage: true })), records)
    expect(text).toEndWith('data: [DONE]\n\n')
    const common = { ...HEAD, object: 'text_completion', usage: null }
    const choice = { index: 0, logprobs: null }
    expect(eventsIn(text).map(({ data }) => data)).toEqual([
      { ...common, choices: [{ ...choice, text: 'u', finish_reason: null }] },
      { ...common, choices: [{ ...choice, text: 'pon', finish_reason: 'length' }] },
      {
        ...common,
        choices: [],
        usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 },
      },
    ])
  })

  test('says nothing of what was used where that is not asked for', async () => {
    const text = await told(completionStream(telling()), [generateDone(MODEL, {}, 'x')])
    expect(eventsIn(text).map(({ data }) => data)).toEqual([
      {
        ...HEAD,
        object: 'text_completion',
        choices: [{ text: 'x', index: 0, logprobs: null, finish_reason: 'stop' }],
      },
    ])
  })

  test('is not thought about unless that is asked for, by models that would', () => {
    const thinks = (change: object, capabilities: readonly string[] | null) =>
      thinkForCompletion(read(change).generate, capabilities)
    expect(thinks({}, ['completion', 'thinking'])).toBe(false)
    expect(thinks({}, ['completion'])).toBeUndefined()
    expect(thinks({}, null)).toBeUndefined()
    expect(thinks({ think: null }, ['thinking'])).toBe(false)
    for (const think of [true, 'high', false]) {
      expect(thinks({ think }, ['completion', 'thinking'])).toBe(think as boolean)
      expect(thinks({ think }, ['completion'])).toBe(think as boolean)
    }
  })

  test('tells how likely tokens were, and where in the whole text each begins', async () => {
    const logprobs = (token: string) => [
      { token, logprob: -0.5, top_logprobs: [{ token: 'z', logprob: -3 }] },
    ]
    const records = [
      generateChunk(MODEL, 'ab', { logprobs: logprobs('ab') }),
      generateChunk(MODEL, 'c', { logprobs: logprobs('c') }),
      generateDone(MODEL),
    ]
    const events = eventsIn(await told(completionStream(telling()), records))
    expect(events[1]?.data).toMatchObject({
      choices: [
        {
          logprobs: {
            tokens: ['c'],
            token_logprobs: [-0.5],
            top_logprobs: [{ z: -3 }],
            text_offset: [2],
          },
        },
      ],
    })
  })
})
