import { describe, expect, test } from 'bun:test'
import { chatChunk, chatDone, toolCall } from '../../../support/fake-ollama/records.ts'
import { eventsFor, MODEL, steps } from './response-stage.ts'
import { callSteps, message, messageSteps, reasoning, reasoningSteps } from './response-steps.ts'

const F = { call_id: 'call_ab12cd30', name: 'f', arguments: '{"city":"Łódź"}' }
const G = { call_id: 'call_2', name: 'g', arguments: '{}' }
const TWO_CALLS = [toolCall(0, 'f', { city: 'Łódź' }), { function: { name: 'g' } }]

describe('the steps of a stream', () => {
  test('tell what was said bit by bit, and then whole', async () => {
    const records = [chatChunk(MODEL, 'Grü'), chatChunk(MODEL, 'ße 😀'), chatDone(MODEL)]
    expect(await steps(records)).toEqual(messageSteps('msg_1', 0, ['Grü', 'ße 😀']))
  })

  test('tell what was thought as an item of its own, closed before the next begins', async () => {
    const both = { thinking: 'hm', content: 'yes' }
    const records = [chatChunk(MODEL, { thinking: 'so' }), chatChunk(MODEL, both), chatDone(MODEL)]
    expect(await steps(records)).toEqual([
      ...reasoningSteps('rs_1', 0, ['so', 'hm']),
      ...messageSteps('msg_2', 1, ['yes']),
    ])
  })

  test('tell a call with its arguments as text, and with an id of its own', async () => {
    const records = [chatChunk(MODEL, { tool_calls: TWO_CALLS.slice(0, 1) }), chatDone(MODEL)]
    expect(await steps(records)).toEqual(callSteps(0, { id: 'fc_1', ...F }))
  })

  test('tell several calls one after the other, each with ids that no other has', async () => {
    const records = [
      chatChunk(MODEL, { tool_calls: TWO_CALLS }),
      chatDone(MODEL, {}, { tool_calls: TWO_CALLS.slice(1) }),
    ]
    expect(await steps(records)).toEqual([
      ...callSteps(0, { id: 'fc_1', ...F }),
      ...callSteps(1, { id: 'fc_3', ...G }),
      ...callSteps(2, { id: 'fc_5', ...G, call_id: 'call_4' }),
    ])
  })

  test('tell what was said before calls beside them, and what comes after them apart', async () => {
    const records = [
      chatChunk(MODEL, { thinking: 'hm' }),
      chatChunk(MODEL, { content: 'wait', tool_calls: TWO_CALLS.slice(0, 1) }),
      chatChunk(MODEL, 'well'),
      chatDone(MODEL),
    ]
    expect(await steps(records)).toEqual([
      ...reasoningSteps('rs_1', 0, ['hm']),
      ...messageSteps('msg_2', 1, ['wait']),
      ...callSteps(2, { id: 'fc_3', ...F }),
      ...messageSteps('msg_4', 3, ['well']),
    ])
  })

  test('tell one call where no more may be made at once', async () => {
    const records = [chatChunk(MODEL, { tool_calls: TWO_CALLS }), chatDone(MODEL)]
    const told = await steps(records, { parallel_tool_calls: false })
    expect(told).toEqual(callSteps(0, { id: 'fc_1', ...F }))
  })

  test('of an answer that was cut end in an item that is not whole', async () => {
    const cut = { doneReason: 'length' as const }
    expect(await steps([chatChunk(MODEL, 'on'), chatDone(MODEL, cut, 'ly')])).toEqual(
      messageSteps('msg_1', 0, ['on', 'ly'], 'incomplete'),
    )
    expect(await steps([chatChunk(MODEL, { thinking: 'hm' }), chatDone(MODEL, cut)])).toEqual(
      reasoningSteps('rs_1', 0, ['hm'], 'incomplete'),
    )
  })

  test('of an answer that says nothing tell of a message without a text', async () => {
    const records = [chatChunk(MODEL, ''), chatDone(MODEL, { doneReason: null })]
    expect(await steps(records)).toEqual(messageSteps('msg_1', 0, []))
  })

  test('tell how likely tokens were, of each delta and of the whole text', async () => {
    const given = { token: 'x', logprob: -0.1, bytes: [120] }
    const logprobs = [{ ...given, top_logprobs: [{ token: 'y', logprob: -2 }] }]
    const known = { ...given, top_logprobs: [{ token: 'y', logprob: -2, bytes: null }] }
    const records = [
      chatChunk(MODEL, 'x', { logprobs }),
      chatChunk(MODEL, 'x', { logprobs }),
      chatDone(MODEL),
    ]
    const events = await steps(records)
    const likely = events.map(({ type, logprobs }) => [type, logprobs]).filter(([, some]) => some)
    expect(likely).toEqual([
      ['response.output_text.delta', [known]],
      ['response.output_text.delta', [known]],
      ['response.output_text.done', [known, known]],
    ])
    expect(events.at(-1)).toMatchObject({ item: { content: [{ logprobs: [known, known] }] } })
  })
})

describe('a stream', () => {
  test('begins with the answer as it will be, and ends with all of it', async () => {
    const thought = [chatChunk(MODEL, { thinking: 'hm' }), chatChunk(MODEL, 'yes')]
    const used = { promptTokens: 11, tokens: 3 }
    const events = await eventsFor([...thought, chatDone(MODEL, used)])
    const begun = {
      id: 'resp_1',
      status: 'in_progress',
      output: [],
      usage: null,
      completed_at: null,
    }
    expect(events[0]).toMatchObject({ type: 'response.created', response: begun })
    expect(events[1]).toMatchObject({ type: 'response.in_progress', response: begun })
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: {
        id: 'resp_1',
        status: 'completed',
        completed_at: 1_800_000_005,
        output: [reasoning('rs_1', 'hm'), message('msg_2', 'yes')],
        usage: { input_tokens: 11, output_tokens: 3, total_tokens: 14 },
      },
    })
  })

  test('of an answer that was cut ends as an incomplete one, and says why', async () => {
    const records = [chatChunk(MODEL, 'on'), chatDone(MODEL, { doneReason: 'length' })]
    expect((await eventsFor(records)).at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: {
        status: 'incomplete',
        completed_at: null,
        incomplete_details: { reason: 'max_output_tokens' },
        output: [message('msg_1', 'on', 'incomplete')],
      },
    })
  })
})
