import { describe, expect, test } from 'bun:test'
import { chatDocument, chatStream } from '../../../../app/gateways/openai/chat-encoder.ts'
import { chatChunk, chatDone, toolCall } from '../../../support/fake-ollama/records.ts'
import { eventsIn, told, toldWhole } from '../../support/told.ts'

const MODEL = 'llama3:latest'
const HEAD = { id: 'chatcmpl-1', created: 1_800_000_000, model: 'gpt-4' }

const telling = (change: object = {}) => ({
  identity: HEAD,
  includeUsage: false,
  callsInParallel: true,
  promptTokens: () => 9,
  newId: () => 'a-new-id',
  ...change,
})

/** The choices of a stream's chunks; each chunk is checked for what all have in common. */
async function choices(records: readonly object[], change: object = {}): Promise<object[]> {
  const text = await told(chatStream(telling(change)), records)
  expect(text).toEndWith('data: [DONE]\n\n')
  return eventsIn(text).map(({ data }) => {
    const { choices, usage, ...head } = data as { choices: object[]; usage?: object }
    expect(head as object).toEqual({ ...HEAD, object: 'chat.completion.chunk' })
    return usage ? { usage } : { ...choices[0] }
  })
}

const delta = (delta: object, rest: object = {}) => ({
  index: 0,
  delta,
  finish_reason: null,
  ...rest,
})
const finish = (finish_reason: string) => ({ index: 0, delta: {}, finish_reason })
const CALL = { index: 0, id: 'call_ab12cd30', type: 'function' }

describe('a stream', () => {
  test('has the role in its first chunk and the reason in its last', async () => {
    const records = [chatChunk(MODEL, 'Grü'), chatChunk(MODEL, 'ße 😀'), chatDone(MODEL)]
    expect(await choices(records)).toEqual([
      delta({ role: 'assistant', content: 'Grü' }),
      delta({ content: 'ße 😀' }),
      finish('stop'),
    ])
  })

  test('ends with what was used, where that is asked for', async () => {
    const records = [chatChunk(MODEL, 'x'), chatDone(MODEL, { promptTokens: 11, tokens: 3 })]
    expect((await choices(records, { includeUsage: true })).at(-1)).toEqual({
      usage: { prompt_tokens: 11, completion_tokens: 3, total_tokens: 14 },
    })
  })

  test('estimates the prompt where Ollama has not counted it, or says nonsense', async () => {
    const nonsense = { prompt_eval_count: -1, eval_count: 'x' }
    for (const counts of [{}, nonsense]) {
      const records = [chatDone(MODEL, {}, '', counts)]
      expect((await choices(records, { includeUsage: true })).at(-1)).toEqual({
        usage: { prompt_tokens: 9, completion_tokens: 0, total_tokens: 9 },
      })
    }
  })

  test('says in every other chunk that usage comes later, where it is asked for', async () => {
    const records = [
      chatChunk(MODEL, { thinking: 'hm' }),
      chatChunk(MODEL, { content: 'x', tool_calls: [toolCall(0, 'f', {})] }),
      chatDone(MODEL),
    ]
    const usages = async (includeUsage: boolean) =>
      eventsIn(await told(chatStream(telling({ includeUsage })), records)).map(
        ({ data }) => (data as { usage?: unknown }).usage,
      )
    expect((await usages(true)).slice(0, -1)).toEqual([null, null, null, null])
    expect(await usages(false)).toEqual([undefined, undefined, undefined, undefined])
  })

  test('tells what was thought apart from what was said, though one record has both', async () => {
    const both = { thinking: 'hm', content: 'yes' }
    const records = [chatChunk(MODEL, { thinking: 'so' }), chatChunk(MODEL, both), chatDone(MODEL)]
    expect(await choices(records)).toEqual([
      delta({ role: 'assistant', reasoning: 'so' }),
      delta({ reasoning: 'hm' }),
      delta({ content: 'yes' }),
      finish('stop'),
    ])
  })

  test('tells each call whole, with an index and an id of its own', async () => {
    const two = [toolCall(0, 'f', { city: 'Łódź' }), { function: { name: 'g' } }]
    const records = [
      chatChunk(MODEL, { tool_calls: two }),
      chatDone(MODEL, {}, { tool_calls: two }),
    ]
    const f = { ...CALL, function: { name: 'f', arguments: '{"city":"Łódź"}' } }
    const g = { ...CALL, id: 'call_anewid', function: { name: 'g', arguments: '{}' } }
    expect(await choices(records)).toEqual([
      delta({ role: 'assistant', tool_calls: [f] }),
      delta({ tool_calls: [{ ...g, index: 1 }] }),
      delta({ tool_calls: [{ ...f, index: 2 }] }),
      delta({ tool_calls: [{ ...g, index: 3 }] }),
      finish('tool_calls'),
    ])
  })

  test('tells one call where no more may be made at once', async () => {
    const two = [toolCall(0, 'f', {}), toolCall(1, 'g', {})]
    const told = await choices([chatChunk(MODEL, { tool_calls: two }), chatDone(MODEL)], {
      callsInParallel: false,
    })
    expect(told).toHaveLength(2)
  })

  test('has what the final record says, and the reason that the answer was cut', async () => {
    const records = [chatDone(MODEL, { doneReason: 'length' }, 'all of it')]
    expect(await choices(records)).toEqual([
      delta({ role: 'assistant', content: 'all of it' }),
      finish('length'),
    ])
  })

  test('that says nothing has a first chunk all the same', async () => {
    const records = [chatChunk(MODEL, ''), chatDone(MODEL, { doneReason: null })]
    expect(await choices(records)).toEqual([
      delta({ role: 'assistant', content: '' }),
      finish('stop'),
    ])
  })

  test('tells how likely tokens were', async () => {
    const logprobs = [
      { token: 'x', logprob: -0.1, bytes: [120], top_logprobs: [{ token: 'y', logprob: -2 }] },
    ]
    const [first] = await choices([chatChunk(MODEL, 'x', { logprobs }), chatDone(MODEL)])
    expect(first).toEqual({
      ...delta({ role: 'assistant', content: 'x' }),
      logprobs: {
        content: [
          {
            token: 'x',
            logprob: -0.1,
            bytes: [120],
            top_logprobs: [{ token: 'y', logprob: -2, bytes: null }],
          },
        ],
        refusal: null,
      },
    })
  })
})

describe('an answer in one piece', () => {
  const whole = (answer: object, change: object = {}) =>
    toldWhole(chatDocument(telling(change)), answer)

  test('is a chat completion with what was used', () => {
    const message = { thinking: 'hm', content: 'yes' }
    expect(whole(chatDone(MODEL, { promptTokens: 11, tokens: 3 }, message))).toEqual({
      ...HEAD,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'yes', refusal: null, reasoning: 'hm' },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 11, completion_tokens: 3, total_tokens: 14 },
    })
    expect(whole(chatDone(MODEL))).toMatchObject({ usage: { prompt_tokens: 9, total_tokens: 9 } })
  })

  test('has its calls, one where no more may be made at once', () => {
    const calls = [toolCall(0, 'f', { a: 1 }), toolCall(1, 'g', {})]
    const answer = chatDone(MODEL, {}, { tool_calls: calls })
    const names = (told: unknown) => {
      const [choice] = (
        told as {
          choices: {
            finish_reason: string
            message: { tool_calls: { function: { name: string } }[] }
          }[]
        }
      ).choices
      return [
        choice?.finish_reason,
        ...(choice?.message.tool_calls ?? []).map((c) => c.function.name),
      ]
    }
    expect(names(whole(answer))).toEqual(['tool_calls', 'f', 'g'])
    expect(names(whole(answer, { callsInParallel: false }))).toEqual(['tool_calls', 'f'])
  })

  test('that was cut in the middle of a call says that it was cut', () => {
    const answer = chatDone(MODEL, { doneReason: 'length' }, { tool_calls: [toolCall(0, 'f', {})] })
    expect(whole(answer)).toMatchObject({ choices: [{ finish_reason: 'length' }] })
  })
})
