import { describe, expect, test } from 'bun:test'
import type OpenAI from 'openai'
import { responseDocument } from '../../../../app/gateways/openai/responses/encoder.ts'
import type { responseOf } from '../../../../app/gateways/openai/responses/response-object.ts'
import { chatDone, toolCall } from '../../../support/fake-ollama/records.ts'
import { toldWhole } from '../../support/told.ts'
import { MODEL, telling } from './response-stage.ts'

type Promised = OpenAI.Responses.Response
/** What it promises and is not there; its client puts the text together itself. */
type Missing = Exclude<
  {
    [Name in keyof Promised]-?: object extends Pick<Promised, Name> ? never : Name
  }[keyof Promised],
  keyof ReturnType<typeof responseOf> | 'output_text'
>

const whole = (answer: object, change: object = {}) =>
  toldWhole(responseDocument(telling(change)), answer) as Record<string, unknown>
const output = (answer: object, change: object = {}) => whole(answer, change).output

const text = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] })
const said = (id: string, words: string, status = 'completed') => ({
  id,
  type: 'message',
  status,
  role: 'assistant',
  content: [text(words)],
})

describe('an answer in one piece', () => {
  test('says what it was asked for, with defaults for what was left out', () => {
    expect(whole(chatDone(MODEL, { promptTokens: 11, tokens: 3 }, 'yes'))).toEqual({
      id: 'resp_1',
      object: 'response',
      created_at: 1_800_000_000,
      completed_at: 1_800_000_005,
      status: 'completed',
      error: null,
      incomplete_details: null,
      model: 'gpt-4',
      output: [said('msg_1', 'yes')],
      usage: {
        input_tokens: 11,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: 3,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 14,
      },
      access_programs: null,
      background: false,
      conversation: null,
      frequency_penalty: 0,
      instructions: null,
      max_output_tokens: null,
      max_tool_calls: null,
      metadata: {},
      parallel_tool_calls: true,
      presence_penalty: 0,
      previous_response_id: null,
      prompt: null,
      prompt_cache_key: null,
      reasoning: { effort: null, summary: null },
      safety_identifier: null,
      service_tier: 'default',
      store: false,
      temperature: 1,
      text: { format: { type: 'text' }, verbosity: 'medium' },
      tool_choice: 'auto',
      tools: [],
      top_logprobs: 0,
      top_p: 1,
      truncation: 'disabled',
      user: null,
    })
  })

  test("has all that the types of OpenAI's client promise", () => {
    const missing: [Missing] extends [never] ? null : Missing = null
    expect(missing).toBeNull()
  })

  test('has the estimate of its prompt where Ollama has not counted it', () => {
    const usage = { input_tokens: 9, output_tokens: 0, total_tokens: 9 }
    expect(whole(chatDone(MODEL))).toMatchObject({ usage })
    const nonsense = { prompt_eval_count: -1, eval_count: 1.5 }
    expect(whole(chatDone(MODEL, {}, '', nonsense))).toMatchObject({ usage })
  })

  test('repeats what was asked for', () => {
    const format = { type: 'json_schema', name: 'colour', strict: true, schema: { type: 'object' } }
    const asked = {
      instructions: 'be kind',
      max_output_tokens: 20,
      max_tool_calls: 3,
      metadata: { team: 'red' },
      parallel_tool_calls: false,
      prompt_cache_key: 'k',
      reasoning: { effort: 'low', summary: 'auto' },
      safety_identifier: 's',
      temperature: 0,
      text: { format, verbosity: 'low' },
      tool_choice: 'none',
      top_logprobs: 2,
      top_p: 0.5,
      truncation: 'auto',
      user: 'u',
    }
    const tools = [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }]
    expect(whole(chatDone(MODEL), { ...asked, tools, store: true })).toMatchObject({
      ...asked,
      tools: [{ ...tools[0], description: null }],
      store: false,
    })
  })

  test('has what was thought, said and called as items, each with an id of its own', () => {
    const calls = [toolCall(0, 'f', { a: 1 }), { function: { name: 'g' } }]
    const message = { thinking: 'hm', content: 'wait', tool_calls: calls }
    const call = { type: 'function_call', status: 'completed' }
    expect(output(chatDone(MODEL, {}, message))).toEqual([
      {
        id: 'rs_1',
        type: 'reasoning',
        status: 'completed',
        summary: [{ type: 'summary_text', text: 'hm' }],
      },
      said('msg_2', 'wait'),
      { ...call, id: 'fc_3', call_id: 'call_ab12cd30', name: 'f', arguments: '{"a":1}' },
      { ...call, id: 'fc_5', call_id: 'call_4', name: 'g', arguments: '{}' },
    ])
    expect(output(chatDone(MODEL, {}, message), { parallel_tool_calls: false })).toHaveLength(3)
  })

  test('that was cut is incomplete, and says why', () => {
    expect(whole(chatDone(MODEL, { doneReason: 'length' }, 'on'))).toMatchObject({
      status: 'incomplete',
      completed_at: null,
      incomplete_details: { reason: 'max_output_tokens' },
      output: [said('msg_1', 'on', 'incomplete')],
    })
  })

  test('that says nothing has a message without a text', () => {
    expect(output(chatDone(MODEL))).toEqual([said('msg_1', '')])
  })

  test('has its thinking in the form in which it is handed back, where that is asked for', () => {
    const answer = chatDone(MODEL, {}, { thinking: 'hm 😀', content: 'yes' })
    const sealed = output(answer, { include: ['reasoning.encrypted_content'] })
    expect(sealed).toMatchObject([{ encrypted_content: expect.any(String) }, {}])
    expect(output(answer)).not.toMatchObject([{ encrypted_content: expect.anything() }, {}])
  })
})
